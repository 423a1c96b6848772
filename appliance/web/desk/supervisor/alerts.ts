// Missed targets: which there are, which are worth a sound, and which somebody has seen to.

import type { Board } from "./wall";

export interface Alert {
  key: string;
  kind: string;
  board: Board;
}

const QUIET = 10 * 60_000; // milliseconds; one that comes and goes is not told again sooner

export function alertsOf(queues: Board[]): Alert[] {
  return queues.flatMap((board) => board.alerts.map((kind) => ({ key: `${board.id}/${kind}`, kind, board })));
}

export class Told {
  private readonly rung = new Map<string, number>();
  private readonly seen = new Set<string>();

  /** What there is now; whether something of it is new and worth a sound. */
  heard(alerts: Alert[], now: number): boolean {
    const there = new Set(alerts.map((one) => one.key));
    for (const key of this.seen) if (!there.has(key)) this.seen.delete(key); // mended: it may come again
    const fresh = [...there].filter((key) => now - (this.rung.get(key) ?? -QUIET) >= QUIET);
    for (const key of there) this.rung.set(key, now); // and as long as it lasts
    return fresh.length > 0;
  }

  /** Somebody has seen these: they are not shown until they were mended once. */
  understood(alerts: Alert[]): void {
    for (const one of alerts) this.seen.add(one.key);
  }

  shown(alerts: Alert[]): Alert[] {
    return alerts.filter((one) => !this.seen.has(one.key));
  }
}
