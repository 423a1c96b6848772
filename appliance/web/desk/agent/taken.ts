// A conversation of mine that somebody else has from now on: who did it, for a notice.

import type { FeedEvent } from "../../client/feed";

export interface Taken {
  conversation: number;
  by: number;
  /** They speak in it themselves; else they gave it to a queue or a colleague. */
  took: boolean;
  /** Whom it is with, as the list called them. */
  contact: string;
}

const MOST = 5; // notices; whoever comes back to a full screen reads no more

/** What an event of my own topic tells of it; null: nothing, or it was I. */
export function takenAway(told: FeedEvent, me: number, contact: string): Taken | null {
  const conversation = Number(told.data.conversation ?? 0);
  const who = String(told.data.who ?? "");
  const by = who.startsWith("agent:") ? Number(who.slice(6)) : 0;
  const took = told.kind === "conversation.taken";
  if (!by || by === me || !(took || told.kind === "conversation.transfer")) return null;
  return { conversation, by, took, contact };
}

/** The newest last; of one conversation the newest alone. */
export function noticed(before: readonly Taken[], one: Taken): Taken[] {
  return [...before.filter((other) => other.conversation !== one.conversation), one].slice(-MOST);
}
