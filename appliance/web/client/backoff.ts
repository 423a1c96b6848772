// Pauses between tries: growing, with jitter, so that a server that comes back is not met by all at once.

const FIRST = 500; // milliseconds
const MOST = 30_000;

export function pause(failures: number, chance: () => number = Math.random): number {
  const most = Math.min(MOST, FIRST * 2 ** Math.max(0, failures - 1));
  return most / 2 + (most / 2) * chance();
}

export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(finish, milliseconds);
    function finish(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      done();
    }
    if (signal.aborted) finish();
    else signal.addEventListener("abort", finish);
  });
}
