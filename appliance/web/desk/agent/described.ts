// What several people edit at once, a conversation or a contact: what I changed, put to what is there now.

import { Refused } from "../api/client";
import type { Values } from "../api/types";
import { compared, type Filled, type Given } from "./catalogue";

const TRIES = 3; // each after somebody else was faster
const WORDS = ["disposition", "name", "note"] as const;
type Words = Partial<Record<(typeof WORDS)[number], string>>;

export interface About extends Words {
  tags: string[];
  fields: Values;
  given?: Record<string, Given>;
}
/** What I saw when I changed it, where that is not what is kept. */
export interface Seen extends Words {
  tags?: string[];
  fields?: Filled;
}
export interface Change extends Seen {
  number?: string;
}

/**
 * What to ask for, given what I saw when I changed it; null: somebody else gave the same thing another value meanwhile.
 * Tags are added and taken away one by one, so that those of a colleague stay.
 */
export function merged(change: Change, saw: Seen, now: About): Change | null {
  const wanted: Change = { ...change };
  if (change.tags) {
    const [before, after] = [saw.tags ?? now.tags, change.tags];
    wanted.tags = [...now.tags.filter((one) => after.includes(one) || !before.includes(one)), ...after.filter((one) => !before.includes(one) && !now.tags.includes(one))];
  }
  const is = compared(now);
  const overwrites = (was: unknown = null, is: unknown = null, value: unknown = null): boolean => is !== was && is !== value;
  for (const [key, value] of Object.entries(change.fields ?? {})) if (overwrites(saw.fields?.[key], is[key], value)) return null;
  for (const word of WORDS) if (change[word] !== undefined && overwrites(saw[word], now[word], change[word])) return null;
  return wanted;
}

/** Keeps what is changed of `kept`, one change of a thing after the other; `send` puts the answer there, `refresh` reads one anew. */
export function describer<T extends About & { id: number; etag: string }>(
  kept: Map<number, T>, send: (change: Change, now: T) => Promise<void>, refresh: (id: number) => Promise<unknown>,
) {
  const last = new Map<number, Promise<void>>();

  async function keep(one: T, change: Change, saw: Seen): Promise<void> {
    const before = kept.get(one.id) ?? one;
    const seen = { ...before, ...saw, fields: { ...compared(before), ...saw.fields } };
    for (let tries = 1; ; tries += 1) {
      const now = kept.get(one.id) ?? one;
      const wanted = merged(change, seen, now);
      if (!wanted) throw new Refused(412, "precondition-failed", "");
      try {
        return await send(wanted, now);
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 412 || tries > TRIES) throw error;
        await refresh(one.id);
      }
    }
  }

  /** Raises what the server refused; 412: somebody else gave the same thing another value. */
  return function describe(one: T, change: Change, saw: Seen = {}): Promise<void> {
    const seen = { tags: [...one.tags], ...saw };
    const mine = (last.get(one.id) ?? Promise.resolve()).catch(() => undefined).then(() => keep(one, change, seen));
    last.set(one.id, mine);
    void mine.catch(() => undefined).then(() => last.get(one.id) === mine && last.delete(one.id));
    return mine;
  };
}
