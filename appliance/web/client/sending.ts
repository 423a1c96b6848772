// Sends what waits, one after the other, until each is acknowledged. Widget and desk share it.
//
// Whoever hears no answer sends the same again under its own key, so that it is kept once. A server
// that says when it takes more is asked then and not before, however much is typed meanwhile.

import { pause, sleep } from "./backoff";

/** What a failure means: never; not now (`wait`: seconds, where the server says so); not by us. */
export type Verdict = "refused" | "stop" | { wait?: number };

export interface Wishes<T> {
  /** What is next; undefined: nothing waits. */
  next(): T | undefined;
  /** Resolves when it was acknowledged and waits no more. */
  send(one: T): Promise<void>;
  /** What to do after a failure; whoever says "refused" takes it out of what waits. */
  failed(one: T, error: unknown): Verdict;
}

export class Sending<T> {
  private running = false;
  private ended = false;
  private failures = 0;
  private ours: AbortController | null = null;
  private theirs: AbortController | null = null;

  constructor(private readonly wishes: Wishes<T>) {}

  /** There is something to send, or the server is back: a pause of our own is over. */
  async flush(): Promise<void> {
    this.ours?.abort();
    if (this.running || this.ended) return;
    this.running = true;
    try {
      for (let one = this.wishes.next(); one !== undefined; one = this.wishes.next()) {
        if (!(await this.tried(one))) return;
      }
    } finally {
      this.running = false;
    }
  }

  stop(): void {
    this.ended = true;
    this.ours?.abort();
    this.theirs?.abort();
  }

  /** Whether to go on. */
  private async tried(one: T): Promise<boolean> {
    try {
      await this.wishes.send(one);
      this.failures = 0;
    } catch (error) {
      const verdict = this.wishes.failed(one, error);
      if (verdict === "stop") return false;
      if (verdict !== "refused") await this.later(verdict.wait);
    }
    return !this.ended;
  }

  private async later(wait?: number): Promise<void> {
    this.failures += 1;
    const own = pause(this.failures);
    const until = new AbortController();
    if (wait) this.theirs = until;
    else this.ours = until;
    // A little over what was asked for: all who wait would else come in the same moment.
    await sleep(wait ? wait * 1000 + Math.min(own, 1000) : own, until.signal);
    this.ours = this.theirs = null;
  }
}
