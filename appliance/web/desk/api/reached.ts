// What is wanted on the screen is asked until somebody answers: a server that is away, or that was asked too often.

import { watch, type WatchSource } from "vue";

import { pause, sleep } from "../../client/backoff";
import { Refused, Unreached } from "./client";

/** The answer; undefined: nobody wants it any more. A refusal is thrown. */
export async function untilReached<T>(job: () => Promise<T>, signal = new AbortController().signal): Promise<T | undefined> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      return await job();
    } catch (error) {
      if (!(error instanceof Unreached)) throw error;
      await sleep(Math.max(1000 * error.wait, pause(failures)), signal);
    }
  }
  return undefined;
}

/** Do `job` with what `source` is, until somebody answers or it is something else. What is refused is not there. */
export function useReached<T>(source: WatchSource<T>, job: (wanted: NonNullable<T>) => Promise<unknown>): void {
  watch(source, (wanted, _before, onCleanup) => {
    if (!wanted) return;
    const gone = new AbortController();
    onCleanup(() => gone.abort());
    untilReached(() => job(wanted), gone.signal).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error;
    });
  }, { immediate: true });
}
