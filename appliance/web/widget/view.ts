// What the visitor sees, in a shadow root: nothing of the host page gets in, nothing gets out.
// Text is set as text, never as markup.

import type { Chat } from "../client/chat";
import style from "./style.css";
import type { Texts } from "./texts";

export interface Wishes {
  toggle(open: boolean): void;
  begin(name: string, leavesMessage: boolean): void;
  say(text: string): void;
  draft(text: string): void;
  leave(): void;
  again(): void;
  drop(key: string): void;
}

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  facts: Record<string, string> = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

export class View {
  private readonly launch: HTMLButtonElement;
  private readonly count = make("span", { class: "count", hidden: "" });
  private readonly panel: HTMLElement;
  private readonly note = make("div", { class: "note", role: "status" });
  private readonly gone: HTMLElement;
  private readonly list = make("ol", { role: "log", "aria-live": "polite", tabindex: "0" });
  private readonly start = make("form", { class: "begin" });
  private readonly name: HTMLInputElement;
  private readonly late: HTMLButtonElement;
  private readonly write = make("form");
  private readonly text: HTMLTextAreaElement;
  private readonly end: HTMLButtonElement;
  private readonly fresh: HTMLButtonElement;
  private shown = 0;

  constructor(
    private readonly host: HTMLElement,
    root: ShadowRoot,
    private readonly texts: Texts,
    private readonly wishes: Wishes,
  ) {
    const t = texts;
    this.launch = make("button", { class: "strong launch", "aria-expanded": "false" }, t.open, this.count);
    this.gone = make("div", { class: "note bad", role: "alert", hidden: "" }, t.offline);
    this.name = make("input", { maxlength: "100", autocomplete: "name", "aria-label": t.name, placeholder: t.name });
    const go = make("button", { class: "strong", type: "submit" }, t.begin);
    this.late = make("button", { type: "button", hidden: "" }, t.leaveMessage);
    this.start.append(this.name, go, this.late);
    this.text = make("textarea", { rows: "2", "aria-label": t.placeholder, placeholder: t.placeholder, maxlength: "4000" });
    this.write.append(this.text, make("button", { class: "strong", type: "submit" }, t.send));
    this.end = make("button", { type: "button" }, t.leave);
    this.fresh = make("button", { type: "button" }, t.again);
    const close = make("button", { type: "button", "aria-label": t.close }, "✕");
    this.list.setAttribute("aria-label", t.title);
    this.panel = make(
      "section",
      { class: "panel", role: "dialog", "aria-label": t.title, hidden: "" },
      make("header", {}, make("h2", {}, t.title), this.end, this.fresh, close),
      this.gone,
      this.note,
      this.start,
      this.list,
      this.write,
    );
    // Not a <style> element: the host page's security policy may forbid those.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
    root.append(this.launch, this.panel);

    this.launch.onclick = () => wishes.toggle(true);
    close.onclick = () => wishes.toggle(false);
    this.panel.onkeydown = (event) => {
      if (event.key === "Escape") wishes.toggle(false);
      event.stopPropagation(); // the host page's shortcuts are not meant
    };
    this.start.onsubmit = (event) => {
      event.preventDefault();
      wishes.begin(this.name.value.trim(), false);
    };
    this.late.onclick = () => wishes.begin(this.name.value.trim(), true);
    this.end.onclick = () => wishes.leave();
    this.fresh.onclick = () => wishes.again();
    this.text.oninput = () => wishes.draft(this.text.value);
    this.text.onkeydown = (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    };
    this.write.onsubmit = (event) => {
      event.preventDefault();
      this.submit();
    };
  }

  open(yes: boolean): void {
    this.host.toggleAttribute("open", yes);
    this.launch.hidden = yes;
    this.launch.setAttribute("aria-expanded", String(yes));
    this.panel.hidden = !yes;
    if (!yes) this.launch.focus();
    else (this.write.hidden ? this.name : this.text).focus();
  }

  draft(text: string): void {
    this.text.value = text;
  }

  /** Before there is a conversation; `note` says why none came about. */
  beginning(name: string, note: string, mayLeaveMessage: boolean): void {
    this.name.value ||= name;
    this.only(this.start);
    this.end.hidden = this.fresh.hidden = true;
    this.late.hidden = !mayLeaveMessage;
    this.say(note);
  }

  conversation(chat: Chat, unread: number, leftMessage: boolean): void {
    const t = this.texts;
    const { state, waits, agent } = chat.standing;
    const over = ["closed", "wrap_up", "abandoned"].includes(state);
    this.only(this.list, this.write);
    this.end.hidden = over;
    this.fresh.hidden = !over;
    this.gone.hidden = chat.connected;
    this.say(over ? t.ended : waits ? (leftMessage ? t.kept : t.waiting) : t.speaking(agent || t.them));
    this.count.hidden = !unread;
    this.count.textContent = String(unread);
    this.launch.setAttribute("aria-label", unread ? `${t.open}: ${t.unread(unread)}` : t.open);
    this.lines(chat);
  }

  private lines(chat: Chat): void {
    const t = this.texts;
    const lines = chat.messages.map((one) => {
      const mine = one.author === "contact";
      const who = make("span", { class: "who" }, `${mine ? t.you : t.them}: `);
      const when = new Date(one.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      return make("li", { class: mine ? "mine" : "", "data-number": String(one.number) }, who, one.text, make("small", {}, when));
    });
    for (const one of chat.outgoing) {
      const line = make("li", { class: one.refused ? "mine refused" : "mine" }, one.text);
      line.append(make("small", {}, one.refused ? t.failed + one.refused : t.sending));
      if (one.refused) {
        const remove = make("button", { type: "button" }, t.remove);
        remove.onclick = () => this.wishes.drop(one.key);
        line.append(remove);
      }
      lines.push(line);
    }
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    this.list.replaceChildren(...lines);
    if (atEnd || lines.length > this.shown) this.list.scrollTop = this.list.scrollHeight;
    this.shown = lines.length;
  }

  private only(...parts: HTMLElement[]): void {
    for (const part of [this.start, this.list, this.write]) part.hidden = !parts.includes(part);
  }

  private say(text: string): void {
    if (this.note.textContent !== text) this.note.textContent = text;
    this.note.hidden = !text;
  }

  private submit(): void {
    const text = this.text.value.trim();
    if (!text) return;
    this.text.value = "";
    this.wishes.draft("");
    this.wishes.say(text);
  }
}
