// What the visitor sees, in a shadow root: nothing of the host page gets in, nothing gets out.
// Text is set as text, never as markup.

import type { Chat, Look } from "../client/chat";
import { afterwards, type Afterwards } from "./afterwards";
import { compose, type Composer } from "./composer";
import { Lines, type LineWishes } from "./lines";
import { make } from "./make";
import { rich } from "./rich";
import style from "./style.css";
import { moment, type Texts } from "./texts";

export interface Wishes extends LineWishes {
  toggle(open: boolean): void;
  begin(name: string, message: string, leavesMessage: boolean): void;
  say(text: string): void;
  file(file: File): void;
  draft(text: string): void;
  types(): void;
  leave(): void;
  again(): void;
  rate(stars: number, comment: string): Promise<void>;
  mail(address: string): Promise<void>;
}

export class View {
  private readonly launch: HTMLButtonElement;
  private readonly launchText = make("span");
  private readonly count = make("span", { class: "count", hidden: "" });
  private readonly panel: HTMLElement;
  private readonly title = make("h2");
  private readonly note = make("div", { class: "note", role: "status" });
  private readonly gone: HTMLElement;
  private readonly greeting = make("p", { class: "greeting", hidden: "" });
  private readonly items = make("ol");
  private readonly list = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", tabindex: "0" }, this.items);
  private readonly typing = make("div", { class: "typing", "aria-hidden": "true" });
  private readonly start = make("form", { class: "begin" });
  private readonly name: HTMLInputElement;
  private readonly question: HTMLTextAreaElement;
  private readonly go: HTMLButtonElement;
  private readonly late: HTMLButtonElement;
  private readonly composer: Composer;
  private readonly after: Afterwards;
  private readonly end: HTMLButtonElement;
  private readonly fresh: HTMLButtonElement;
  private readonly lines: Lines;
  private shown = 0;
  private look: Look | null = null;

  constructor(
    private readonly host: HTMLElement,
    root: ShadowRoot,
    private readonly texts: Texts,
    private readonly tongue: string,
    wishes: Wishes,
  ) {
    const t = texts;
    this.lines = new Lines(t, wishes, tongue);
    this.launch = make("button", { class: "strong launch", "aria-expanded": "false" }, this.launchText, this.count);
    this.gone = make("div", { class: "note bad", role: "alert", hidden: "" }, t.offline);
    this.name = make("input", { maxlength: "100", autocomplete: "name", "aria-label": t.name, placeholder: t.name });
    this.question = make("textarea", { rows: "4", "aria-label": t.yourMessage, placeholder: t.yourMessage, hidden: "" });
    this.go = make("button", { class: "strong", type: "submit" }, t.begin);
    this.late = make("button", { class: "strong", type: "submit", hidden: "" }, t.leaveMessage);
    this.start.append(this.greeting, this.name, this.question, this.go, this.late);
    this.composer = compose(t, wishes);
    this.after = afterwards(t, wishes);
    this.end = make("button", { type: "button" }, t.leave);
    this.fresh = make("button", { type: "button" }, t.again);
    const close = make("button", { type: "button", class: "close", "aria-label": t.close }, "✕");
    this.panel = make(
      "section",
      { class: "panel", role: "dialog", hidden: "" },
      make("header", { role: "none" }, this.title, this.end, this.fresh, close),
      this.gone,
      this.note,
      this.start,
      this.list,
      this.typing,
      this.after.element,
      this.composer.element,
    );
    // Not a <style> element: the host page's security policy may forbid those.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
    root.append(this.launch, this.panel);
    this.dress(null);

    this.launch.onclick = () => wishes.toggle(true);
    close.onclick = () => wishes.toggle(false);
    this.panel.onkeydown = (event) => {
      if (event.key === "Escape" && !event.isComposing && !this.composer.closePicker()) wishes.toggle(false);
      event.stopPropagation(); // the host page's shortcuts are not meant
    };
    this.start.onsubmit = (event) => {
      event.preventDefault();
      const message = this.question.value.trim();
      if (!this.question.hidden && !message) this.question.focus();
      else wishes.begin(this.name.value.trim(), message, this.go.hidden);
    };
    this.question.oninput = () => wishes.draft(this.question.value);
    this.end.onclick = () => wishes.leave();
    this.fresh.onclick = () => wishes.again();
  }

  /** As the queue's administrator wants it; null: as it is by itself. */
  dress(look: Look | null): void {
    this.look = look;
    const title = look?.title[this.tongue] || this.texts.title;
    this.title.textContent = this.launchText.textContent = title;
    this.panel.setAttribute("aria-label", title);
    this.list.setAttribute("aria-label", title);
    const greeting = look?.greeting[this.tongue] ?? "";
    this.greeting.replaceChildren(...rich(greeting));
    this.greeting.hidden = !greeting;
    this.host.setAttribute("side", look?.side ?? "right");
    this.composer.limits(look);
    this.after.mail(look?.transcripts ?? false);
  }

  open(yes: boolean, focus = true): void {
    this.host.toggleAttribute("open", yes);
    this.launch.hidden = yes;
    this.launch.setAttribute("aria-expanded", String(yes));
    this.panel.hidden = !yes;
    if (!focus) return;
    if (!yes) this.launch.focus();
    else if (this.composer.element.hidden) this.name.focus();
    else this.composer.focus();
  }

  draft(text: string): void {
    this.question.value = text;
    this.composer.draft(text);
  }

  /** Before there is a conversation; `note` says why none came about. */
  beginning(name: string, note: string, leavesMessage: boolean): void {
    this.name.value ||= name;
    this.only(this.start);
    this.end.hidden = this.fresh.hidden = true;
    this.go.hidden = leavesMessage;
    this.question.hidden = this.late.hidden = !leavesMessage;
    this.gone.hidden = true;
    this.question.required = leavesMessage;
    this.launch.setAttribute("aria-label", this.launchText.textContent ?? "");
    this.count.hidden = true;
    this.say(note);
  }

  conversation(chat: Chat): void {
    const t = this.texts;
    const { state, waits, agent, place, opens_at: opens, may_rate: mayRate, stars } = chat.standing;
    const over = ["closed", "wrap_up", "abandoned"].includes(state);
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    this.only(this.list, this.composer.element);
    this.end.hidden = over;
    this.fresh.hidden = !over;
    this.gone.hidden = chat.connected;
    this.end.disabled = !chat.connected;
    const minutes = place?.wait == null ? null : Math.max(1, Math.ceil(place.wait / 60));
    const row = place ? ` ${t.place(place.ahead, minutes)}` : "";
    const wait = opens ? `${t.closed(moment(opens, this.tongue))} ${t.kept}` : t.waiting + row;
    const known = state !== "new"; // else it has not been asked yet
    this.say(over ? t.ended : waits ? (known ? wait : "") : agent ? t.speaking(agent) : "");
    this.typing.textContent = chat.typing && !over ? t.typing(chat.typing) : "";
    this.after.show(over && chat.messages.length > 0, mayRate, stars, chat.transcript);
    const unread = chat.unread;
    this.count.hidden = !unread;
    this.count.textContent = String(unread);
    const title = this.launchText.textContent ?? t.open;
    this.launch.setAttribute("aria-label", unread ? `${title}: ${t.unread(unread)}` : title);
    const found = this.lines.of(chat, this.look?.greeting[this.tongue] ?? "");
    const stay = new Set<Element>(found);
    for (const one of [...this.items.children]) if (!stay.has(one)) one.remove();
    found.forEach((one, at) => this.items.children[at] === one || this.items.insertBefore(one, this.items.children[at] ?? null));
    if (atEnd || found.length > this.shown) this.list.scrollTop = this.list.scrollHeight;
    this.shown = found.length;
  }

  /** Something that the visitor did was refused, in words. */
  refuse(text: string): void {
    this.composer.refuse(text);
  }

  private only(...parts: HTMLElement[]): void {
    for (const part of [this.start, this.list, this.typing, this.composer.element]) {
      part.hidden = !parts.includes(part);
    }
    this.typing.hidden = this.list.hidden;
    if (this.list.hidden) this.after.show(false, false, 0, "");
  }

  private say(text: string): void {
    if (this.note.textContent !== text) this.note.textContent = text;
    this.note.hidden = !text;
  }
}
