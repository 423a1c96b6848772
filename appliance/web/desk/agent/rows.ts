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

// A line is made once: one that stays the same is not drawn again when another comes.
const made = new WeakMap<Message, Row>();

function lineOf(message: Message, at: Date, goesOn: boolean): Row {
  const known = made.get(message);
  if (known?.goesOn === goesOn) return known;
  // By the sender's key, so that a line does not jump when it is acknowledged.
  const row: Row = { kind: "message", key: `said ${message.key}`, at, message, goesOn };
  made.set(message, row);
  return row;
}

function sameAuthor(a: Message, b: Message): boolean {
  return a.author === b.author && a.agent === b.agent && a.internal === b.internal;
}

export function rowsOf(messages: Message[], outgoing: Outgoing[]): Row[] {
  const rows: Row[] = [];
  let [begins, ends] = [0, 0]; // of the day, by this computer's clock
  let before: Message | null = null;
  let last = 0;
  for (const message of messages) {
    const at = made.get(message)?.at ?? new Date(message.at);
    const time = at.getTime();
    if (time < begins || time >= ends) {
      const atTop = ends === 0 && message.number > 1; // older ones of that day may come: no line is there that would move
      const [year, month, day] = [at.getFullYear(), at.getMonth(), at.getDate()];
      [begins, ends] = [new Date(year, month, day).getTime(), new Date(year, month, day + 1).getTime()];
      if (!atTop) rows.push({ kind: "day", key: `day ${at.toDateString()}`, at, goesOn: false });
      before = null;
    }
    const goesOn = before !== null && sameAuthor(before, message) && time - last < TOGETHER;
    rows.push(lineOf(message, at, goesOn));
    before = message;
    last = time;
  }
  for (const one of outgoing) {
    rows.push({ kind: "outgoing", key: `said ${one.key}`, at: new Date(one.at), outgoing: one, goesOn: false });
  }
  return rows;
}
