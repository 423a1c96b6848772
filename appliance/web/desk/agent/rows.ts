// The lines of a conversation as they are drawn: a line for each new day, then what was said.

import type { Message } from "../api/types";
import type { Outgoing } from "./drafts";

export interface Row {
  kind: "day" | "message" | "outgoing";
  key: string;
  at: Date;
  message?: Message;
  outgoing?: Outgoing;
  /** The same author goes on within two minutes: without a name above it. */
  goesOn: boolean;
}

const TOGETHER = 120_000; // milliseconds

function sameAuthor(a: Message, b: Message): boolean {
  return a.author === b.author && a.agent === b.agent && a.internal === b.internal;
}

export function rowsOf(messages: Message[], outgoing: Outgoing[]): Row[] {
  const rows: Row[] = [];
  let day = "";
  let before: Message | null = null;
  for (const message of messages) {
    const at = new Date(message.at);
    if (at.toDateString() !== day) {
      const atTop = day === "" && message.number > 1; // older ones of that day may come: no line is there that would move
      day = at.toDateString();
      if (!atTop) rows.push({ kind: "day", key: `day ${day}`, at, goesOn: false });
      before = null;
    }
    const goesOn = before !== null && sameAuthor(before, message) && at.getTime() - Date.parse(before.at) < TOGETHER;
    // By the sender's key, so that a line does not jump when it is acknowledged.
    rows.push({ kind: "message", key: `said ${message.key}`, at, message, goesOn });
    before = message;
  }
  for (const one of outgoing) {
    rows.push({ kind: "outgoing", key: `said ${one.key}`, at: new Date(one.at), outgoing: one, goesOn: false });
  }
  return rows;
}
