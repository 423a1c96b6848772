// The chat on a customer's web page, from one script tag:
//   <script src="https://APPLIANCE/widget.js" data-queue="1" async></script>
// data-language: zh or en; data-theme: light, dark or auto; data-accent: a CSS colour.

import { begin, Chat, Refused } from "../client/chat";
import { Keep } from "./keep";
import { language, TEXTS } from "./texts";
import { View } from "./view";

class Widget {
  private readonly keep: Keep;
  private readonly view: View;
  private chat: Chat | null = null;
  private read = 0;
  private leftMessage = false;
  private readonly texts;
  private readonly tongue;

  constructor(
    private readonly base: string,
    private readonly queue: number,
    facts: DOMStringMap,
  ) {
    this.tongue = language(facts.language ?? null);
    this.texts = TEXTS[this.tongue];
    this.keep = new Keep(`${base}/${queue}`);
    const host = document.createElement("callstead-chat");
    host.setAttribute("theme", facts.theme ?? "auto");
    host.lang = this.tongue === "zh" ? "zh-CN" : "en";
    if (facts.accent) host.style.setProperty("--accent", facts.accent);
    this.view = new View(host, host.attachShadow({ mode: "open" }), this.texts, {
      toggle: (open) => this.toggle(open),
      begin: (name, leaves) => void this.begin(name, leaves),
      say: (text) => this.chat?.say(text),
      draft: (text) => this.keep.set("draft", text),
      leave: () => void this.chat?.leave().catch(() => undefined),
      again: () => this.forget(),
      drop: (key) => this.drop(key),
    });
    document.body.append(host);
    this.view.draft(this.keep.get("draft"));
    const known = this.keep.get("known");
    if (known) this.follow(known);
    else this.view.beginning(this.keep.get("name"), "", false);
    if (this.keep.get("open")) this.toggle(true);
  }

  private toggle(open: boolean): void {
    this.keep.set("open", open);
    this.view.open(open);
    this.show();
  }

  private async begin(name: string, leavesMessage: boolean): Promise<void> {
    this.keep.set("name", name);
    try {
      const begun = await begin(this.base, {
        queue: this.queue,
        visitor: this.keep.get("visitor"),
        name,
        page: location.href.slice(0, 2000),
        leaves_message: leavesMessage,
      });
      if (begun.entry === "taken" || leavesMessage) {
        this.leftMessage = begun.entry !== "taken";
        const known = { conversation: begun.conversation, key: begun.key };
        this.keep.set("known", known);
        this.follow(known);
        this.view.open(true);
        return;
      }
      const locale = this.tongue === "zh" ? "zh-CN" : "en";
      const opens = begun.opens_at
        ? new Date(begun.opens_at).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" })
        : "";
      const note = begun.entry === "full" ? this.texts.full : this.texts.closed(opens);
      this.view.beginning(name, note, true);
    } catch (error) {
      const note = error instanceof Refused ? error.message : this.texts.offline;
      this.view.beginning(name, note, false);
    }
  }

  private follow(known: { conversation: number; key: string }): void {
    this.chat = new Chat(this.base, known, () => this.show(), this.keep.get("outgoing"));
    this.show();
    void this.chat.start();
  }

  private show(): void {
    const chat = this.chat;
    if (!chat) return;
    if (chat.lost) {
      this.forget();
      return;
    }
    this.keep.set("outgoing", chat.outgoing);
    const theirs = chat.messages.filter((one) => one.author !== "contact").length;
    if (this.keep.get("open")) this.read = theirs;
    this.view.conversation(chat, theirs - this.read, this.leftMessage);
  }

  private drop(key: string): void {
    if (!this.chat) return;
    this.chat.outgoing = this.chat.outgoing.filter((one) => one.key !== key);
    this.show();
  }

  private forget(): void {
    this.chat?.stop();
    this.chat = null;
    this.leftMessage = false;
    this.keep.set("known", null);
    this.keep.set("outgoing", []);
    this.view.beginning(this.keep.get("name"), "", false);
  }
}

const tag = document.querySelector<HTMLScriptElement>("script[data-callstead-chat]")
  ?? (document.currentScript as HTMLScriptElement | null);
if (tag) {
  const base = new URL(tag.src).origin;
  const start = (): void => void new Widget(base, Number(tag.dataset.queue ?? "1"), tag.dataset);
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
}
