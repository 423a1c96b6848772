// The visitor's side of one conversation: what was said, once and in order, and what is being sent.

import { pause, sleep } from "./backoff";
import { randomId } from "./ids";
import { Feed, type FeedEvent, type Way } from "./feed";

export interface Message {
  number: number;
  key: string;
  author: "contact" | "agent" | "system";
  text: string;
  at: string;
}

export interface Outgoing {
  key: string;
  text: string;
  /** Why it was refused; empty while it is on its way. */
  refused: string;
}

export interface Standing {
  state: string;
  waits: boolean;
  agent: string;
  cursor: number;
}

export interface Known {
  conversation: number;
  key: string;
}

export interface Begin {
  queue: number;
  visitor: string;
  name: string;
  page: string;
  leaves_message: boolean;
}

export interface Begun extends Known {
  entry: "taken" | "closed" | "full";
  opens_at: string | null;
}

/** The server said no, in words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function ask<T>(base: string, path: string, key: string, body?: unknown): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), 20_000);
  try {
    const answer = await fetch(`${base}/api/v1/chat${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(key ? { Authorization: `Bearer ${key}` } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: late.signal,
    });
    if (answer.ok) return (await answer.json()) as T;
    const told = (await answer.json().catch(() => ({}))) as { detail?: string };
    throw new Refused(answer.status, told.detail ?? answer.statusText);
  } finally {
    clearTimeout(timer);
  }
}

export function begin(base: string, wish: Begin): Promise<Begun> {
  return ask(base, "", "", wish);
}

export class Chat {
  messages: Message[] = [];
  outgoing: Outgoing[] = [];
  standing: Standing = { state: "new", waits: true, agent: "", cursor: 0 };
  connected = true;
  /** The key no longer opens anything: forget the conversation. */
  lost = false;
  private feed: Feed | null = null;
  private sending = false;
  private readonly ended = new AbortController();

  constructor(
    private readonly base: string,
    readonly known: Known,
    private readonly changed: () => void,
    outgoing: Outgoing[] = [],
  ) {
    this.outgoing = outgoing;
  }

  get way(): Way | "" {
    return this.feed?.way ?? "";
  }

  /** Read the state, then follow; what arrives between the two is in both, and counted once. */
  async start(): Promise<void> {
    for (let failures = 1; !this.ended.signal.aborted; failures += 1) {
      try {
        await this.read();
        break;
      } catch (error) {
        if (error instanceof Refused && error.status < 500) {
          this.lost = true;
          this.changed();
          return;
        }
        this.connected = false;
        this.changed();
        await sleep(pause(failures), this.ended.signal);
      }
    }
    if (this.ended.signal.aborted) return;
    this.follow();
    void this.flush();
  }

  stop(): void {
    this.ended.abort();
    this.feed?.stop();
  }

  say(text: string): void {
    this.outgoing.push({ key: randomId(), text, refused: "" });
    this.changed();
    void this.flush();
  }

  async leave(): Promise<void> {
    Object.assign(this.standing, await ask<Standing>(this.base, "/leave", this.known.key, {}));
    this.changed();
  }

  private async read(): Promise<void> {
    this.standing = await ask<Standing>(this.base, "/standing", this.known.key);
    let after = 0;
    for (;;) {
      const page = await ask<{ items: Message[]; cursor: number }>(
        this.base,
        `/messages?after=${after}&most=200`,
        this.known.key,
      );
      page.items.forEach((message) => this.take(message));
      if (page.cursor === after) break;
      after = page.cursor;
    }
    this.connected = true;
    this.changed();
  }

  private follow(): void {
    this.feed?.stop();
    this.feed = new Feed(
      this.base,
      `visitor/${this.known.conversation}`,
      this.known.key,
      this.standing.cursor,
      {
        event: (event) => this.event(event),
        reload: () => void this.start(),
        connected: (yes) => {
          if (yes === this.connected) return;
          this.connected = yes;
          this.changed();
          if (yes) void this.flush();
        },
      },
    );
    this.feed.start();
  }

  private event(event: FeedEvent): void {
    if (event.kind === "message.said") {
      this.take({ ...event.data, at: event.at } as unknown as Message);
    } else {
      this.standing.state = String(event.data.state ?? this.standing.state);
      void ask<Standing>(this.base, "/standing", this.known.key)
        .then((now) => Object.assign(this.standing, now))
        .catch(() => undefined)
        .then(this.changed);
    }
    this.changed();
  }

  private take(message: Message): void {
    if (this.messages.some((one) => one.number === message.number)) return;
    this.messages.push(message);
    this.messages.sort((a, b) => a.number - b.number);
    this.outgoing = this.outgoing.filter((one) => one.key !== message.key);
  }

  /** Send what waits, in order; the same key again is the same message. */
  private async flush(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    let failures = 0;
    try {
      for (;;) {
        const next = this.outgoing.find((one) => !one.refused);
        if (!next || this.ended.signal.aborted) return;
        try {
          const body = { key: next.key, text: next.text };
          this.take(await ask<Message>(this.base, "/messages", this.known.key, body));
          failures = 0;
        } catch (error) {
          if (error instanceof Refused && error.status < 500 && error.status !== 429) {
            next.refused = error.message;
          } else {
            failures += 1;
            await sleep(pause(failures), this.ended.signal);
          }
        }
        this.changed();
      }
    } finally {
      this.sending = false;
    }
  }
}
