// The lines of a conversation: what was said with its links and files, and what is being sent.

import type { Attachment, Chat, Outgoing, Refused } from "../client/chat";
import { make } from "./make";
import { rich } from "./rich";
import type { Texts } from "./texts";

export interface LineWishes {
  drop(key: string): void;
  /** Where a file can be fetched now. */
  address(file: string): Promise<string>;
}

const kept = new Map<string, HTMLElement>(); // a picture is fetched once, not at each line that comes
const MOST_KEPT = 200;

export function lines(chat: Chat, t: Texts, wishes: LineWishes, greeting: string, tongue: string): HTMLElement[] {
  const house = (said: string): HTMLElement[] => (said ? [make("li", { class: "hello" }, ...rich(said))] : []);
  const found = house(greeting);
  const mark = chat.standing.marks.agent;
  const mine = chat.messages.filter((one) => one.author === "contact");
  const last = mine[mine.length - 1];
  for (const one of chat.messages) {
    const ours = one.author === "contact";
    const who = ours ? t.you : (chat.standing.names[String(one.agent)] ?? t.them);
    const line = make("li", { class: ours ? "mine" : "", "data-number": String(one.number) });
    line.append(make("span", { class: "who" }, `${who}: `), ...rich(one.text));
    if (one.attachment) line.append(file(one.attachment, t, wishes));
    const when = new Date(one.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const facts = ours ? [when] : [who, when];
    if (one === last && mark.read >= one.number) facts.push(t.read);
    else if (one === last && mark.delivered >= one.number) facts.push(t.delivered);
    line.append(make("small", {}, facts.join(" · ")));
    found.push(line);
  }
  const comfort = house(chat.standing.waits ? (chat.standing.comfort[tongue] ?? "") : "");
  return found.concat(comfort, chat.outgoing.map((one) => outgoing(one, t, wishes)));
}

function outgoing(one: Outgoing, t: Texts, wishes: LineWishes): HTMLElement {
  const line = make("li", { class: one.refused ? "mine refused" : "mine" }, one.text || one.file?.name || "");
  line.append(make("small", {}, one.refused ? t.failed + words(one.refused, t) : t.sending));
  if (one.refused) {
    const remove = make("button", { type: "button" }, t.remove);
    remove.onclick = () => wishes.drop(one.key);
    line.append(remove);
  }
  return line;
}

/** A refusal in the visitor's language, or in the server's words. */
export function words(refused: Refused, t: Texts): string {
  return t.refused[refused.kind] ?? refused.message;
}

function file(one: Attachment, t: Texts, wishes: LineWishes): HTMLElement {
  const before = kept.get(one.id);
  if (before) return before;
  const made = made_of(one, t, wishes);
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(one.id, made);
  return made;
}

function made_of(one: Attachment, t: Texts, wishes: LineWishes): HTMLElement {
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

