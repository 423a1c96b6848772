// The chat on a customer's web page, from one script tag:
//   <script src="https://APPLIANCE/widget.js" data-queue="1" async></script>
// data-language: zh or en; data-theme: light, dark or auto; data-accent: a CSS colour;
// data-side: right or left. What the page does not say, the queue's look does.
// data-designer: it is looked at while somebody chooses the look, told by events of the type "look".

import { begin, Chat, look, Refused, type Known, type Look } from "../client/chat";
import { randomId } from "../client/ids";
import { inkOn } from "../client/ink";
import { Keep } from "./keep";
import { words } from "./lines";
import { language, moment, TEXTS } from "./texts";
import { View } from "./view";

const MOST_VISITS = 10;
const UNSAID = 30; // seconds: asked too often, by whoever does not say when to ask again

class Widget {
  private readonly keep: Keep;
  private readonly view: View;
  private readonly host = document.createElement("callstead-chat");
  private chat: Chat | null = null;
  private asked = { wish: "", key: "" };
  private later = 0;
  private open = false;
  private readonly texts;
  private readonly locale: "zh-CN" | "en";

  constructor(
    private readonly base: string,
    private readonly queue: number,
    private readonly facts: DOMStringMap,
  ) {
    const tongue = language(facts.language ?? null);
    this.texts = TEXTS[tongue];
    this.locale = tongue === "zh" ? "zh-CN" : "en";
    this.keep = new Keep(`${base}/${queue}`, () => this.elsewhere());
    this.host.setAttribute("theme", facts.theme ?? "auto");
    this.host.lang = this.locale;
    this.view = new View(this.host, this.host.attachShadow({ mode: "open" }), this.texts, this.locale, {
      toggle: (open) => this.toggle(open),
      begin: (name, message, leaves) => void this.begin(name, message, leaves),
      say: (text) => this.chat?.say(text),
      file: (file) => this.chat?.say("", file),
      draft: (text) => this.keep.set("draft", text),
      types: () => this.chat?.types(),
      leave: () => void this.chat?.leave().catch((error) => this.view.refuse(this.told(error))),
      again: () => this.forget(),
      drop: (key) => this.drop(key),
      address: (file) => this.chat?.address(file) ?? Promise.reject(new Error("no conversation")),
      rate: async (stars, comment) => this.chat?.rate(stars, comment),
      mail: async (address) => this.chat?.mail(address, this.locale),
    });
    this.dress(this.keep.get("look"));
    document.documentElement.append(this.host); // a transformed or exchanged body takes nothing along
    if ("designer" in facts) {
      this.view.open(true, false);
      this.host.addEventListener("look", (told) => this.chosen((told as CustomEvent<Partial<Look>>).detail));
    }
    this.view.draft(this.keep.get("draft"));
    const known = this.keep.get("known");
    if (known) this.follow(known);
    else this.fresh();
    this.visited();
    document.addEventListener("visibilitychange", () => this.show());
    this.toggle(this.keep.get("open"), false); // the visitor may be typing in the page
    if (!this.open || this.chat) void this.ask();
  }

  /** Ask how the chat looks and whether anybody is there; without an answer it stays as it was. */
  private async ask(): Promise<void> {
    window.clearTimeout(this.later); // one question at a time, however often the panel is opened
    try {
      const found = await look(this.base, this.queue);
      this.keep.set("look", found);
      this.dress(found);
      this.host.dispatchEvent(new Event("dressed"));
      if (!this.chat) this.fresh();
    } catch (error) {
      // As last time, or as it is by itself; asked too often from here, once more when it is answered.
      if (!(error instanceof Refused) || error.status !== 429) return;
      window.clearTimeout(this.later);
      this.later = window.setTimeout(() => void this.ask(), ((error.wait || UNSAID) + Math.random()) * 1000);
    }
  }

  /** The designer's choice, not yet kept. */
  private chosen(part: Partial<Look>): void {
    const found = this.keep.get("look");
    if (found) this.dress({ ...found, ...part });
  }

  private dress(found: Look | null): void {
    const accent = this.facts.accent ?? found?.accent;
    if (accent) this.host.style.setProperty("--accent", accent);
    const ink = this.facts.accent ? inkOn(hex(this.facts.accent)) : found?.on_accent;
    if (ink) this.host.style.setProperty("--on-accent", ink);
    this.view.dress(found);
    if (this.facts.side) this.host.setAttribute("side", this.facts.side);
  }

  /** The form before a conversation, with what can be had at this hour. */
  private fresh(): void {
    const found = this.keep.get("look");
    const entry = found?.entry ?? "taken";
    this.view.beginning(this.keep.get("name"), this.why(entry, found?.opens_at ?? null), entry !== "taken");
  }

  private why(entry: string, opensAt: string | null): string {
    if (entry === "taken") return "";
    return entry === "full" ? this.texts.full : this.texts.closed(moment(opensAt, this.locale));
  }

  private told(error: unknown): string {
    return error instanceof Refused ? words(error, this.texts) : this.texts.notNow;
  }

  private toggle(open: boolean, focus = true): void {
    this.open = open;
    this.keep.set("open", open);
    if (open && !this.chat) void this.ask();
    this.view.open(open, focus);
    this.show();
  }

  private async begin(name: string, message: string, leavesMessage: boolean): Promise<void> {
    this.keep.set("name", name);
    try {
      const wish = {
        queue: this.queue,
        visitor: this.keep.get("visitor"),
        name,
        page: location.href.slice(0, 2000),
        visits: this.keep.get("visits"),
        leaves_message: leavesMessage,
      };
      const begun = await begin(this.base, wish, this.once(JSON.stringify(wish)));
      this.asked = { wish: "", key: "" };
      if (begun.entry === "taken" || leavesMessage) {
        const known = { conversation: begun.conversation, key: begun.key };
        this.keep.set("known", known);
        this.follow(known);
        if (message) {
          this.keep.set("draft", "");
          this.view.draft("");
          this.chat?.say(message);
        }
        this.view.open(true);
        return;
      }
      this.view.beginning(name, this.why(begun.entry, begun.opens_at), true);
    } catch (error) {
      this.view.beginning(name, this.told(error), leavesMessage);
    }
  }

  /** Whoever asks again for the same, because no answer came, asks under the same key. */
  private once(wish: string): string {
    if (this.asked.wish !== wish) this.asked = { wish, key: randomId() };
    return this.asked.key;
  }

  private follow(known: Known): void {
    this.chat?.stop();
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
    this.keep.setUnsent(chat.outgoing.filter((one) => !one.file)); // files live as long as the page
    if (chat.newest) chat.seen(this.open && document.visibilityState === "visible");
    this.view.conversation(chat);
  }

  /** This page is remembered, and told to whoever speaks with the visitor. */
  private visited(): void {
    const page = { url: location.href.split("#")[0]!.slice(0, 2000), title: document.title.slice(0, 300) };
    const before = this.keep.get("visits").filter((one) => one.url !== page.url);
    this.keep.set("visits", [...before, page].slice(-MOST_VISITS));
    this.chat?.visit(page);
  }

  private drop(key: string): void {
    if (!this.chat) return;
    this.chat.outgoing = this.chat.outgoing.filter((one) => one.key !== key);
    this.show();
  }

  private forget(): void {
    this.keep.set("known", null);
    this.keep.set("outgoing", []);
    this.none();
  }

  private none(): void {
    this.chat?.stop();
    this.chat = null;
    this.fresh();
    void this.ask();
  }

  /** Another tab began a conversation, or forgot it. */
  private elsewhere(): void {
    const known = this.keep.get("known");
    if (known?.conversation === this.chat?.known.conversation) return;
    if (known) this.follow(known);
    else this.none();
  }
}

/** Any CSS colour as #rrggbb, which is how a canvas tells one; black for what is none. */
function hex(colour: string): string {
  const brush = document.createElement("canvas").getContext("2d");
  if (brush) brush.fillStyle = colour;
  return String(brush?.fillStyle ?? "#000000");
}

const tag = document.querySelector<HTMLScriptElement>("script[data-callstead-chat]")
  ?? (document.currentScript as HTMLScriptElement | null);
if (tag) {
  const base = new URL(tag.src).origin;
  const start = (): void => void new Widget(base, Number(tag.dataset.queue ?? "1"), tag.dataset);
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
}
