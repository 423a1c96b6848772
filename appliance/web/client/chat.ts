// The visitor's side of one conversation: what was said, once and in order, and what is being sent.

import { ask, Refused, refused } from "./ask";
import { pause, sleep } from "./backoff";
import { randomId } from "./ids";
import { Sending, type Verdict } from "./sending";
import { Feed, type FeedEvent, type Moment, type Way } from "./feed";

export { Refused } from "./ask";

export interface Attachment {
  id: string;
  name: string;
  type: string;
  size: number;
  /** A picture that can be shown in the page. */
  shown: boolean;
}

export interface Message {
  number: number;
  key: string;
  author: "contact" | "agent" | "system";
  agent: number | null;
  text: string;
  at: string;
  attachment?: Attachment | null;
}

export interface Outgoing {
  key: string;
  text: string;
  /** Why it was refused; null while it is on its way. */
  refused: Refused | null;
  /** A file lives as long as the page. */
  file?: File;
}

export interface Mark {
  delivered: number;
  read: number;
}

export interface Place {
  ahead: number;
  /** Seconds, estimated. */
  wait: number | null;
}

export interface Standing {
  state: string;
  waits: boolean;
  agent: string;
  names: Record<string, string>;
  place: Place | null;
  /** When the queue opens that it waits for; null: somebody may come now. */
  opens_at: string | null;
  /** What the queue says to who waits, by language. */
  comfort: Record<string, string>;
  marks: { contact: Mark; agent: Mark };
  may_rate: boolean;
  stars: number;
  cursor: number;
}

export interface Known {
  conversation: number;
  key: string;
}

export interface Visit {
  url: string;
  title: string;
}

export interface Begin {
  queue: number;
  visitor: string;
  name: string;
  page: string;
  visits: Visit[];
  leaves_message: boolean;
}

export interface Begun extends Known {
  entry: "taken" | "closed" | "full";
  opens_at: string | null;
}

export interface Look {
  accent: string;
  on_accent: string;
  side: string;
  title: Record<string, string>;
  greeting: Record<string, string>;
  entry: "taken" | "closed" | "full";
  opens_at: string | null;
  most_length: number;
  most_file: number;
  file_types: string[];
  transcripts: boolean;
}

/** The same `once` again, after an answer that never came, is the same conversation. */
export function begin(base: string, wish: Begin, once: string): Promise<Begun> {
  return ask(base, "", "", wish, once);
}

export function look(base: string, queue: number): Promise<Look> {
  return ask(base, `/look?queue=${queue}`, "");
}

const TYPING_EVERY = 3_000; // milliseconds; as often as it is worth telling
const TYPING_LASTS = 5_000;
const MARK_AFTER = 300; // a burst of messages is one mark
const PLACE_EVERY = 20_000; // asked for where no socket tells it

const NOBODY: Standing = {
  state: "new",
  waits: true,
  agent: "",
  names: {},
  place: null,
  opens_at: null,
  comfort: {},
  marks: { contact: { delivered: 0, read: 0 }, agent: { delivered: 0, read: 0 } },
  may_rate: false,
  stars: 0,
  cursor: 0,
};

export class Chat {
  messages: Message[] = [];
  outgoing: Outgoing[] = [];
  standing: Standing = NOBODY;
  connected = true;
  /** The key no longer opens anything: forget the conversation. */
  lost = false;
  /** Who types now, by name; empty: nobody. */
  typing = "";
  /** How the transcript that was asked for stands; empty: none was. */
  transcript = "";
  private feed: Feed | null = null;
  private readonly sending = new Sending<Outgoing>({
    next: () => (this.ended.signal.aborted ? undefined : this.outgoing.find((one) => !one.refused)),
    send: async (one) => {
      this.take(await this.send(one));
      this.changed();
    },
    failed: (one, error) => this.failed(one, error),
  });
  private typed = 0;
  private typingTimer = 0;
  private markTimer = 0;
  private marked: Mark = { delivered: 0, read: 0 };
  private placeTimer = 0;
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

  get newest(): number {
    return this.messages[this.messages.length - 1]?.number ?? 0;
  }

  /** Messages of the other side that were not read yet. */
  get unread(): number {
    const read = Math.max(this.standing.marks.contact.read, this.marked.read);
    return this.messages.filter((one) => one.author !== "contact" && one.number > read).length;
  }

  /** Read the state, then follow; what arrives between the two is in both, and counted once. */
  async start(): Promise<void> {
    for (let failures = 1; !this.ended.signal.aborted; failures += 1) {
      try {
        await this.read();
        break;
      } catch (error) {
        if (error instanceof Refused && error.status < 500 && error.status !== 429) {
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
    window.clearInterval(this.placeTimer);
    this.placeTimer = window.setInterval(() => {
      if (this.standing.place && this.way !== "socket") this.refresh();
    }, PLACE_EVERY);
    void this.flush();
  }

  stop(): void {
    this.ended.abort();
    this.sending.stop();
    this.feed?.stop();
    window.clearInterval(this.placeTimer);
    window.clearTimeout(this.typingTimer);
    window.clearTimeout(this.markTimer);
  }

  say(text: string, file?: File): void {
    this.outgoing.push({ key: randomId(), text, refused: null, file });
    this.changed();
    void this.flush();
  }

  /** The visitor types; told now and then, and never mind when it is not. */
  types(): void {
    if (Date.now() - this.typed < TYPING_EVERY || this.standing.waits) return;
    this.typed = Date.now();
    void this.ask("/typing", {}).catch(() => undefined);
  }

  /** Everything has arrived here; with `read`, the visitor has it before their eyes. */
  seen(read: boolean): void {
    const newest = this.newest;
    const before = this.standing.marks.contact;
    this.marked.delivered = Math.max(this.marked.delivered, newest);
    if (read) this.marked.read = Math.max(this.marked.read, newest);
    const news = this.marked.delivered > before.delivered || this.marked.read > before.read;
    if (!news || this.markTimer) return;
    this.markTimer = window.setTimeout(() => {
      this.markTimer = 0;
      void this.ask<Standing["marks"]>("/marks", this.marked)
        .then((marks) => (this.standing.marks = marks))
        .catch(() => undefined); // with the next one
    }, MARK_AFTER);
  }

  async leave(): Promise<void> {
    Object.assign(this.standing, await this.ask<Standing>("/leave", {}));
    this.changed();
  }

  async rate(stars: number, comment: string): Promise<void> {
    await this.ask("/rating", { stars, comment });
    this.standing.stars = stars;
    this.changed();
  }

  async mail(address: string, language: string): Promise<void> {
    const asked = await this.ask<{ state: string }>("/transcript", { address, language });
    this.transcript = asked.state;
    this.changed();
  }

  visit(page: Visit): void {
    void this.ask("/visits", page).catch(() => undefined);
  }

  /** Where a file can be fetched, for a while. */
  async address(file: string): Promise<string> {
    const { address } = await this.ask<{ address: string }>(`/attachments/${file}`);
    return this.base + address;
  }

  private ask<T>(path: string, body?: unknown): Promise<T> {
    return ask<T>(this.base, path, this.known.key, body);
  }

  private async read(): Promise<void> {
    this.standing = await this.ask<Standing>("/standing");
    let after = 0;
    for (;;) {
      const page = await this.ask<{ items: Message[]; cursor: number }>(
        `/messages?after=${after}&most=200`,
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
        moment: (moment) => this.moment(moment),
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
    const data = event.data;
    if (event.kind === "message.said") {
      // The event's agent is whose conversation it is; who said it stands in `who`.
      const agent = /^agent:(\d+)$/.exec(String(data.who))?.[1];
      this.take({ ...data, agent: agent ? Number(agent) : null, at: event.at } as unknown as Message);
      if (agent) {
        this.nobodyTypes();
        if (!this.standing.names[agent]) this.refresh();
      }
    } else if (event.kind === "message.marked") {
      const mark = { delivered: Number(data.delivered), read: Number(data.read) };
      this.standing.marks = { ...this.standing.marks, [String(data.side)]: mark };
    } else if (event.kind === "message.transcript") {
      this.transcript = String(data.state);
    } else {
      this.standing.state = String(data.state ?? this.standing.state);
      this.refresh();
    }
    this.changed();
  }

  private moment(moment: Moment): void {
    if (moment.kind === "typing" && moment.data.side === "agent") {
      this.typing = this.standing.names[String(moment.data.agent)] || this.standing.agent || "…";
      window.clearTimeout(this.typingTimer);
      this.typingTimer = window.setTimeout(() => this.nobodyTypes(), TYPING_LASTS);
    } else if (moment.kind === "place" && this.standing.waits) {
      this.standing.place = moment.data as unknown as Place;
      this.standing.opens_at = null; // a place has who waits for somebody now
    }
    this.changed();
  }

  private nobodyTypes(): void {
    if (!this.typing) return;
    this.typing = "";
    this.changed();
  }

  private refresh(): void {
    void this.ask<Standing>("/standing")
      .then((now) => Object.assign(this.standing, now))
      .catch(() => undefined)
      .then(this.changed);
  }

  private take(message: Message): void {
    if (this.messages.some((one) => one.number === message.number)) return;
    this.messages.push(message);
    this.messages.sort((a, b) => a.number - b.number);
    this.outgoing = this.outgoing.filter((one) => one.key !== message.key);
  }

  /** Send what waits; the same key again is the same message. */
  private flush(): Promise<void> {
    return this.sending.flush();
  }

  private failed(one: Outgoing, error: unknown): Verdict {
    const refused = error instanceof Refused && error.status < 500 ? error : null;
    if (refused?.status === 429) return { wait: refused.wait };
    if (refused) one.refused = refused;
    this.changed();
    return refused ? "refused" : {};
  }

  private async send(one: Outgoing): Promise<Message> {
    if (!one.file) {
      const body = { key: one.key, text: one.text };
      const told = await this.feed?.commands.send("say", one.key, body);
      const problem = told?.problem;
      if (problem) throw refused(problem.status, problem);
      return (told?.answer as Message | undefined) ?? this.ask("/messages", body);
    }
    const form = new FormData();
    form.set("key", one.key);
    form.set("text", one.text);
    form.set("file", one.file);
    return this.ask("/attachments", form);
  }
}
