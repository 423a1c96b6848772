// Follows one topic of the feed: WebSocket, else long poll, else plain poll. See common/feed.
//
// The cursor is all that is remembered: whatever breaks, we come back with it, and get each event
// once and in order. A better way that was blocked is tried again after a while; one that had worked
// before the server was away, at once.

import { pause, sleep } from "./backoff";
import { Commands, type Answer } from "./commands";

export interface FeedEvent {
  seq: number;
  at: string;
  kind: string;
  data: Record<string, unknown>;
}

/** What is told now or never: somebody types, a place in the row. */
export interface Moment {
  kind: string;
  at: string;
  data: Record<string, unknown>;
}

export interface Follower {
  event(event: FeedEvent): void;
  moment?(moment: Moment): void;
  /** What was missed is gone: read the state afresh. */
  reload(): void;
  /** Whether the server is reached. */
  connected(yes: boolean): void;
  /** The topic may not be read, or not any more: the session is over. */
  refused?(): void;
}

export type Way = "socket" | "long" | "poll";
const WAYS: Way[] = ["socket", "long", "poll"]; // the best one first
const better = (one: Way, other: Way): boolean => WAYS.indexOf(one) < WAYS.indexOf(other);

interface Batch extends Answer {
  events?: FeedEvent[];
  cursor?: number;
  reload?: boolean;
  error?: string;
  moment?: Moment;
}

const SILENCE = 40_000; // milliseconds without a heartbeat (25 s) or an event: the socket is dead
const SOCKET_OPENS = 8_000;
const LONG_WAIT = 25; // seconds
const POLL_EVERY = 3_000;
const TRIES = 2; // failures of a way before the next one is taken
const RETRY_BETTER = 5 * 60_000;
const SPREAD = 2_000; // all who lost their socket in one moment come back within this time

export class Feed {
  way: Way = "socket";
  /** The way on which the server answered last. */
  private worked: Way = "poll";
  readonly commands = new Commands();
  private failures = 0;
  private rest = new AbortController();
  private drop: () => void = () => undefined;
  private readonly ended = new AbortController();

  constructor(
    private readonly base: string,
    private readonly topic: string,
    /** Of a visitor's conversation; empty: the browser's own cookies count. */
    private readonly key: string,
    private cursor: number,
    private readonly follower: Follower,
    /** The longest pause between two tries, in milliseconds. */
    private readonly longest = Infinity,
  ) {}

  start(): void {
    // A socket whose network went away hears nothing of it until its silence is noticed.
    const { signal } = this.ended;
    globalThis.addEventListener?.("offline", () => this.drop(), { signal });
    globalThis.addEventListener?.("online", () => this.rest.abort(), { signal });
    void this.run();
  }

  stop(): void {
    this.ended.abort();
    this.rest.abort();
  }

  /** Until the next try, or until the browser's network is back. */
  private async sleep(milliseconds: number): Promise<void> {
    if (this.ended.signal.aborted) return;
    this.rest = new AbortController();
    await sleep(Math.min(milliseconds, this.longest), this.rest.signal);
  }

  private async run(): Promise<void> {
    let since = Date.now();
    while (!this.ended.signal.aborted) {
      const progressed = await this.once().catch(() => false);
      if (this.ended.signal.aborted) return;
      if (progressed) {
        this.failures = 0;
        const used = this.way;
        if (better(this.worked, used)) this.way = this.worked; // not blocked: the server was away
        this.worked = used;
        if (used === "socket") await this.sleep(SPREAD * Math.random());
      } else {
        this.failures += 1;
        this.follower.connected(false);
        if (this.failures >= TRIES && this.way !== "poll") {
          this.way = WAYS[WAYS.indexOf(this.way) + 1]!;
          since = Date.now();
        }
        await this.sleep(pause(this.failures));
      }
      if (this.way !== "socket" && Date.now() - since > RETRY_BETTER) {
        this.way = "socket";
        since = Date.now();
      }
    }
  }

  /** One connection, or one question; whether the server answered. */
  private async once(): Promise<boolean> {
    if (this.way === "socket") return this.socket();
    const long = this.way === "long";
    const query = new URLSearchParams({ topic: this.topic, after: String(this.cursor) });
    const waits = !better(this.worked, this.way); // else the answer only says that it is back
    if (long && waits) query.set("wait", String(LONG_WAIT));
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), (LONG_WAIT + 15) * 1000);
    const end = (): void => late.abort();
    this.ended.signal.addEventListener("abort", end);
    try {
      const answer = await fetch(`${this.base}/api/v1/feed?${query}`, {
        headers: this.key ? { Authorization: `Bearer ${this.key}` } : {},
        credentials: this.key ? "omit" : "same-origin",
        cache: "no-store",
        signal: late.signal,
      });
      if (answer.status === 403) this.follower.refused?.();
      if (!answer.ok && answer.status !== 410) return false;
      this.follower.connected(true);
      const batch = (await answer.json()) as Batch;
      this.take(batch);
      if (!long && waits && !batch.events?.length) await sleep(POLL_EVERY, this.ended.signal);
      return true;
    } finally {
      clearTimeout(timer);
      this.ended.signal.removeEventListener("abort", end);
    }
  }

  private socket(): Promise<boolean> {
    return new Promise((done) => {
      let heard = false;
      let timer = setTimeout(close, SOCKET_OPENS);
      const address = `${this.base.replace(/^http/, "ws")}/api/v1/feed`;
      let socket: WebSocket;
      try {
        socket = new WebSocket(address, this.key ? ["callstead", `key.${this.key}`] : []);
      } catch {
        clearTimeout(timer);
        done(false);
        return;
      }
      const over = (): void => {
        socket.onopen = socket.onmessage = socket.onclose = null;
        this.drop = () => undefined;
        clearTimeout(timer);
        this.commands.closed();
        this.ended.signal.removeEventListener("abort", close);
        done(heard);
        if (heard && !this.ended.signal.aborted) this.follower.connected(false);
      };
      function close(): void {
        over(); // without a network, the browser waits for the other side's word
        socket.close();
      }
      this.drop = close;
      this.ended.signal.addEventListener("abort", close);
      const alive = (): void => {
        clearTimeout(timer);
        timer = setTimeout(close, SILENCE);
      };
      socket.onopen = () => {
        alive();
        heard = true;
        this.commands.opened(socket);
        this.follower.connected(true);
        socket.send(JSON.stringify({ subscribe: this.topic, after: this.cursor }));
      };
      socket.onmessage = (message) => {
        alive();
        const batch = JSON.parse(String(message.data)) as Batch;
        if (this.commands.take(batch)) return;
        if (batch.error) {
          heard = false; // it is no use to come back at once
          this.follower.refused?.();
          close();
        } else if (batch.moment) this.follower.moment?.(batch.moment);
        else this.take(batch);
      };
      socket.onclose = over;
    });
  }

  private take(batch: Batch): void {
    if (batch.reload) {
      this.cursor = batch.cursor ?? 0;
      this.follower.reload();
      return;
    }
    for (const event of batch.events ?? []) {
      if (event.seq <= this.cursor) continue; // seen already
      this.cursor = event.seq;
      this.follower.event(event);
    }
  }
}
