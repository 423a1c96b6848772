// One conversation's messages: what was said, once and in order, and what is being sent.

import { markRaw, reactive } from "vue";

import { randomId } from "../../client/ids";
import { Sending, type Verdict } from "../../client/sending";
import { get, post, Refused, Unreached } from "../api/client";
import type { Message } from "../api/types";
import { t } from "../i18n";
import { afterPicture } from "../ui/picture";
import { keepOutgoing, outgoingOf, type Outgoing } from "./drafts";

const PAGE = 200;

/** A file on its way. It is kept in memory alone: a reload takes it away. */
export interface Upload {
  key: string;
  file: File;
  internal: boolean;
  refused: string;
}

export class Talk {
  /** Without gaps, from `first` to the newest. */
  messages: Message[] = [];
  outgoing: Outgoing[];
  loading = false;
  failed = false;
  /** How far the contact is: numbers of messages. */
  delivered = 0;
  read = 0;
  uploads: Upload[] = [];
  private marked = 0;
  private sending: Sending<Outgoing> | null = null;
  private filling: Promise<void> | null = null;

  constructor(readonly conversation: number) {
    this.outgoing = outgoingOf(conversation);
  }

  get first(): number {
    return this.messages[0]?.number ?? 0;
  }

  get last(): number {
    return this.messages.at(-1)?.number ?? 0;
  }

  get whole(): boolean {
    return this.first <= 1;
  }

  /** Read the newest page, unless it is here; `newest` is the number of the last message. */
  async open(newest: number): Promise<void> {
    if (this.messages.length === 0) await this.fill(Math.max(0, newest - PAGE));
    else if (this.last < newest) await this.fill(this.last);
    void this.flush();
  }

  async earlier(): Promise<void> {
    if (this.whole || this.loading || !this.first) return;
    await this.fetch(Math.max(0, this.first - 1 - PAGE), Math.min(PAGE, this.first - 1));
  }

  /** A message that was told live. One that does not follow on has others before it: read them. */
  heard(message: Message): void {
    if (this.messages.length === 0 && message.number > 1) return; // read when it is opened
    if (message.number > this.last + 1) this.fill(this.last).catch(() => undefined); // when it is told again, or opened
    else this.take([message]);
  }

  say(text: string, internal: boolean): void {
    const at = new Date().toISOString();
    this.outgoing.push({ key: randomId(), text, internal, at, refused: "" });
    keepOutgoing(this.conversation, this.outgoing);
    afterPicture(() => void this.flush()); // it stands there first
  }

  /** Send a file; with a key of its own, so that a resend is not a second one. */
  async attach(file: File, internal: boolean, again = randomId()): Promise<void> {
    this.uploads = this.uploads.filter((one) => one.key !== again);
    this.uploads.push({ key: again, file, internal, refused: "" });
    const form = new FormData();
    form.set("key", again);
    form.set("text", "");
    form.set("internal", String(internal));
    form.set("file", file, file.name);
    try {
      this.heard(
        await post("/api/v1/desk/conversations/{conversation}/attachments", {
          path: { conversation: this.conversation },
          body: form as never,
        }),
      );
      this.uploads = this.uploads.filter((one) => one.key !== again);
    } catch (error) {
      const mine = this.uploads.find((one) => one.key === again);
      if (mine) mine.refused = error instanceof Refused ? error.message : t("asking.gone");
    }
  }

  /** The contact learns that everything up to here was read, or has at least arrived. */
  async mark(read: boolean): Promise<void> {
    const number = this.messages.findLast((one) => one.author === "contact")?.number ?? 0;
    const mark = number * 2 + Number(read); // read is more than delivered
    if (!number || mark <= this.marked) return;
    this.marked = mark;
    const body = read ? { read: number } : { delivered: number };
    await post("/api/v1/desk/conversations/{conversation}/marks", {
      path: { conversation: this.conversation },
      body,
    }).catch(() => undefined); // the next one says it, too
  }

  /** Forget one that was refused; answers its text. */
  drop(key: string): Outgoing | undefined {
    const dropped = this.outgoing.find((one) => one.key === key);
    this.outgoing = this.outgoing.filter((one) => one.key !== key);
    keepOutgoing(this.conversation, this.outgoing);
    return dropped;
  }

  /** Send what waits; the same key again is the same message. */
  flush(): Promise<void> {
    // Made here, where `this` is what the page watches.
    this.sending ??= markRaw(
      new Sending<Outgoing>({
        next: () => this.outgoing.find((one) => !one.refused),
        send: (one) => this.send(one),
        failed: (one, error) => this.verdict(one, error),
      }),
    );
    return this.sending.flush();
  }

  private async send({ key, text, internal }: Outgoing): Promise<void> {
    this.heard(
      await post("/api/v1/desk/conversations/{conversation}/messages", {
        path: { conversation: this.conversation },
        body: { key, text, internal },
      }),
    );
    this.drop(key);
  }

  private verdict(one: Outgoing, error: unknown): Verdict {
    if (error instanceof Unreached) return { wait: error.wait };
    if (!(error instanceof Refused) || error.status >= 500) return {};
    if (error.status === 401) return "stop"; // it is kept, and goes after the next sign-in
    one.refused = error.message;
    keepOutgoing(this.conversation, this.outgoing);
    return "refused";
  }

  /** Everything after `after`; asked once however many want it. */
  private fill(after: number): Promise<void> {
    this.filling ??= (async () => {
      try {
        for (let from = after; ; from = this.last) {
          if ((await this.fetch(from, PAGE)) < PAGE) return;
        }
      } finally {
        this.filling = null;
      }
    })();
    return this.filling;
  }

  private async fetch(after: number, most: number): Promise<number> {
    this.loading = true;
    this.failed = false;
    try {
      const page = await get("/api/v1/desk/conversations/{conversation}/messages", {
        path: { conversation: this.conversation },
        query: { after, most },
      });
      this.take(page.items);
      return page.items.length;
    } catch (error) {
      this.failed = true;
      throw error;
    } finally {
      this.loading = false;
    }
  }

  private take(found: Message[]): void {
    const known = new Set(this.messages.map((one) => one.number));
    const fresh = found.filter((one) => !known.has(one.number));
    if (fresh.length === 0) return;
    const keys = new Set(fresh.map((one) => one.key));
    const all = [...this.messages, ...fresh];
    if (fresh[0]!.number < this.last) all.sort((a, b) => a.number - b.number);
    this.messages = markRaw(all); // what was said does not change: thousands of lines are not watched one by one
    if (this.outgoing.some((one) => keys.has(one.key))) {
      this.outgoing = this.outgoing.filter((one) => !keys.has(one.key));
      keepOutgoing(this.conversation, this.outgoing);
    }
  }
}

export function makeTalk(conversation: number): Talk {
  return reactive(new Talk(conversation)) as Talk;
}
