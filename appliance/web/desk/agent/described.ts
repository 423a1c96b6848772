// What a conversation is about, as several people edit it at once: what I changed, put to what is there now.

import { patch, Refused } from "../api/client";
import type { Card } from "../api/types";
import type { Filled } from "./catalogue";

const TRIES = 3; // each after somebody else was faster

export type About = Pick<Card, "tags" | "fields" | "disposition">;
export interface Change {
  tags?: string[];
  fields?: Filled;
  disposition?: string;
}

/**
 * What to ask for, given what I saw when I changed it; null: somebody else gave the same thing another value meanwhile.
 * Tags are added and taken away one by one, so that those of a colleague stay.
 */
export function merged(change: Change, saw: About, now: About): Change | null {
  const wanted: Change = {};
  if (change.tags) {
    const [before, after] = [saw.tags, change.tags];
    wanted.tags = [...now.tags.filter((one) => after.includes(one) || !before.includes(one)), ...after.filter((one) => !before.includes(one) && !now.tags.includes(one))];
  }
  for (const [key, value] of Object.entries(change.fields ?? {})) {
    const [was, is] = [saw.fields[key] ?? null, now.fields[key] ?? null];
    if (is !== was && is !== value) return null;
    wanted.fields = change.fields;
  }
  if (change.disposition !== undefined) {
    if (now.disposition !== saw.disposition && now.disposition !== change.disposition) return null;
    wanted.disposition = change.disposition;
  }
  return wanted;
}

/** Keeps what is changed of `cards`, one change of a conversation after the other; `refresh` reads one anew. */
export function describer(cards: Map<number, Card>, refresh: (id: number) => Promise<void>) {
  const last = new Map<number, Promise<void>>();

  async function keep(card: Card, change: Change, tags: string[]): Promise<void> {
    const saw = { ...(cards.get(card.id) ?? card), tags };
    let refused: Refused | null = null;
    for (let tries = 1; ; tries += 1) {
      const now = cards.get(card.id) ?? card;
      const wanted = merged(change, saw, now);
      if (refused && (!wanted || tries > TRIES)) throw refused;
      try {
        const told = await patch("/api/v1/desk/cards/{conversation}", { path: { conversation: card.id }, headers: { "If-Match": `"${now.etag}"` }, body: wanted ?? change });
        cards.set(told.id, told);
        return;
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 412) throw error;
        refused = error;
        await refresh(card.id);
      }
    }
  }

  /** `tags`: as they stood when they were changed. Raises what the server refused. */
  return function describe(card: Card, change: Change, tags: string[] = [...card.tags]): Promise<void> {
    const mine = (last.get(card.id) ?? Promise.resolve()).catch(() => undefined).then(() => keep(card, change, tags));
    last.set(card.id, mine);
    void mine.catch(() => undefined).then(() => last.get(card.id) === mine && last.delete(card.id));
    return mine;
  };
}
