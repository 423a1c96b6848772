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
  leftMessage: boolean;
  visits: Visit[];
  /** The look of last time, so that nothing changes its colour while the page loads. */
  look: Look | null;
}

const NAME = "callstead-chat";

export class Keep {
  private readonly kept: Kept;

  constructor(private readonly place: string) {
    const fresh: Kept = {
      visitor: randomId(),
      name: "",
      known: null,
      draft: "",
      outgoing: [],
      open: false,
      leftMessage: false,
      visits: [],
      look: null,
    };
    let found: Partial<Kept> = {};
    try {
      found = JSON.parse(localStorage.getItem(this.name) ?? "{}") as Partial<Kept>;
    } catch {
      // A page without storage, or a value that is none of ours: begin afresh.
    }
    this.kept = { ...fresh, ...found };
    this.save();
  }

  get<K extends keyof Kept>(what: K): Kept[K] {
    return this.kept[what];
  }

  set<K extends keyof Kept>(what: K, value: Kept[K]): void {
    this.kept[what] = value;
    this.save();
  }

  private get name(): string {
    return `${NAME}:${this.place}`;
  }

  private save(): void {
    try {
      localStorage.setItem(this.name, JSON.stringify(this.kept));
    } catch {
      // No storage: it lives as long as the page.
    }
  }
}
