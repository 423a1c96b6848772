// What the widget remembers in the browser: who the visitor is, the conversation, the unsent.

import type { Known, Look, Outgoing, Visit } from "../client/chat";
import { randomId } from "../client/ids";

interface Kept {
  visitor: string;
  name: string;
  known: Known | null;
  draft: string;
  outgoing: Outgoing[];
  open: boolean;
  visits: Visit[];
  /** The look of last time, so that nothing changes its colour while the page loads. */
  look: Look | null;
}

const NAME = "callstead-chat";

/** Shared by all tabs of the browser: each changes one thing, and hears what the others changed. */
export class Keep {
  private kept: Kept;
  private unsent = new Set<string>();

  constructor(
    private readonly place: string,
    changed: () => void,
  ) {
    const fresh: Kept = {
      visitor: randomId(),
      name: "",
      known: null,
      draft: "",
      outgoing: [],
      open: false,
      visits: [],
      look: null,
    };
    this.kept = { ...fresh, ...this.found() };
    this.save();
    window.addEventListener("storage", (event) => {
      if (event.key !== this.name) return;
      this.kept = { ...this.kept, ...this.found() };
      changed();
    });
  }

  get<K extends keyof Kept>(what: K): Kept[K] {
    return this.kept[what];
  }

  set<K extends keyof Kept>(what: K, value: Kept[K]): void {
    this.kept = { ...this.kept, ...this.found(), [what]: value };
    this.save();
  }

  /** What this page has not sent yet; what another tab has not stays. */
  setUnsent(now: Outgoing[]): void {
    now.forEach((one) => this.unsent.add(one.key));
    const others = (this.found().outgoing ?? []).filter((one) => !this.unsent.has(one.key));
    this.set("outgoing", [...others, ...now]);
  }

  private get name(): string {
    return `${NAME}:${this.place}`;
  }

  private found(): Partial<Kept> {
    try {
      return JSON.parse(localStorage.getItem(this.name) ?? "{}") as Partial<Kept>;
    } catch {
      return {}; // a page without storage, or a value that is none of ours
    }
  }

  private save(): void {
    try {
      localStorage.setItem(this.name, JSON.stringify(this.kept));
    } catch {
      // No storage: it lives as long as the page.
    }
  }
}
