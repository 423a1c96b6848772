// The lines of a conversation: what was said with its links and files, and what is being sent.

import type { Attachment, Chat, Mark, Message, Outgoing, Refused } from "../client/chat";
import { make } from "./make";
import { rich } from "./rich";
import { moment, type Texts } from "./texts";

export interface LineWishes {
  drop(key: string): void;
  /** Where a file can be fetched now. */
  address(file: string): Promise<string>;
}

export class Lines {
  /** A line that stands stays: with its focus and selection, and nobody is read it twice. */
  private shown = new Map<string, HTMLElement>();

  constructor(
    private readonly t: Texts,
    private readonly wishes: LineWishes,
    private readonly tongue: string,
  ) {}

  of(chat: Chat, greeting: string): HTMLElement[] {
    const before = this.shown;
    this.shown = new Map();
    const line = (name: string, made: () => HTMLElement, facts: string): void => {
      const id = `${chat.known.conversation} ${name}`;
      const one = before.get(id) ?? made();
      const small = one.querySelector("small");
      if (small && small.textContent !== facts) small.textContent = facts;
      this.shown.set(id, one);
    };
    const house = (name: string, said: string): void => {
      if (said) line(`${name} ${said}`, () => make("li", { class: "hello" }, ...rich(said)), "");
    };
    house("greeting", greeting);
    const mine = chat.messages.filter((one) => one.author === "contact");
    const last = mine[mine.length - 1];
    for (const one of chat.messages) {
      const who = one.author === "contact" ? this.t.you : (chat.standing.names[String(one.agent)] ?? this.t.them);
      const facts = one.author === "contact" ? [] : [who];
      facts.push(this.when(one.at), ...(one === last ? this.mark(one, chat.standing.marks.agent) : []));
      line(`${one.number} ${who}`, () => this.message(one, who), facts.join(" · "));
    }
    if (chat.standing.waits) house("comfort", chat.standing.comfort[this.tongue] ?? "");
    for (const one of chat.outgoing) {
      const facts = one.refused ? this.t.failed + words(one.refused, this.t) : this.t.sending;
      line(`${one.key} ${one.refused ? "refused" : ""}`, () => this.outgoing(one), facts);
    }
    return [...this.shown.values()];
  }

  private message(one: Message, who: string): HTMLElement {
    const line = make("li", { class: one.author === "contact" ? "mine" : "", "data-number": String(one.number) });
    line.append(make("span", { class: "who" }, `${who}: `), ...rich(one.text));
    if (one.attachment) line.append(file(one.attachment, this.t, this.wishes));
    line.append(make("small"));
    return line;
  }

  private outgoing(one: Outgoing): HTMLElement {
    const line = make("li", { class: one.refused ? "mine refused" : "mine" }, one.text || one.file?.name || "");
    line.append(make("small"));
    if (one.refused) {
      const remove = make("button", { type: "button" }, this.t.remove);
      remove.onclick = () => this.wishes.drop(one.key);
      line.append(remove);
    }
    return line;
  }

  private mark(one: Message, mark: Mark): string[] {
    return mark.read >= one.number ? [this.t.read] : mark.delivered >= one.number ? [this.t.delivered] : [];
  }

  /** The time; of another day, with the day. */
  private when(at: string): string {
    const today = new Date(at).toDateString() === new Date().toDateString();
    const day = today ? {} : ({ month: "short", day: "numeric" } as const);
    return moment(at, this.tongue, { ...day, hour: "2-digit", minute: "2-digit" });
  }
}

/** A refusal in the visitor's language, or in the server's words. */
export function words(refused: Refused, t: Texts): string {
  const sentence = t.refused[refused.kind];
  if (!sentence && refused.status >= 500) return t.notNow;
  return sentence?.replace(/\{(\w+)\}/g, (_, name: string) => told(refused.parameters[name])) ?? refused.message;
}

function told(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : typeof value === "number" ? String(Math.ceil(value)) : String(value ?? "");
}

function file(one: Attachment, t: Texts, wishes: LineWishes): HTMLElement {
  const size = one.size < 1e6 ? `${Math.ceil(one.size / 1024)} KB` : `${(one.size / 2 ** 20).toFixed(1)} MB`;
  const button = make("button", { type: "button", class: "file", title: t.file }, `↓ ${one.name} (${size})`);
  button.onclick = () => void wishes.address(one.id).then(fetchFile).catch(() => undefined);
  if (!one.shown) return button;
  const picture = make("img", { alt: t.image(one.name), loading: "lazy" });
  const frame = make("div", { class: "picture" }, picture, button);
  // The host page's policy may forbid pictures from elsewhere; the button is there in any case.
  picture.onerror = () => picture.remove();
  void wishes.address(one.id).then((address) => (picture.src = address)).catch(() => picture.remove());
  return frame;
}

function fetchFile(address: string): void {
  const link = make("a", { href: address, download: "", rel: "noopener noreferrer" });
  link.click();
}

