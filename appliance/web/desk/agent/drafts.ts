// What was typed and not sent yet, kept in this browser at each key: a crash loses nothing.

import { settings } from "../settings";
import { note } from "./journal";

export interface Draft {
  text: string;
  internal: boolean;
}

export interface Outgoing extends Draft {
  key: string;
  at: string;
  /** Why it was refused; empty while it is on its way. */
  refused: string;
}

const MOST = 200; // conversations whose drafts are kept

function place(kind: "draft" | "outgoing", conversation: number): string {
  return `callstead.${kind}.${settings().user.id}.${conversation}`;
}

function read<T>(name: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null") as T | null;
  } catch {
    return null; // not ours, or cut off
  }
}

function write(name: string, value: unknown, empty: boolean): void {
  const text = empty ? null : JSON.stringify(value);
  try {
    if (text !== null) localStorage.setItem(name, text);
    else if (localStorage.getItem(name) !== null) localStorage.removeItem(name);
    else return; // there was none
  } catch {
    // Full, or not allowed: what is typed stays on the screen at least.
  }
  note(name, text);
}

export function draftOf(conversation: number): Draft {
  return read<Draft>(place("draft", conversation)) ?? { text: "", internal: false };
}

export function keepDraft(conversation: number, draft: Draft): void {
  write(place("draft", conversation), draft, draft.text === "");
}

export function outgoingOf(conversation: number): Outgoing[] {
  return read<Outgoing[]>(place("outgoing", conversation)) ?? [];
}

export function keepOutgoing(conversation: number, outgoing: Outgoing[]): void {
  write(place("outgoing", conversation), outgoing, outgoing.length === 0);
}

/** Conversations in which something waits to be sent, from before a reload. */
export function withOutgoing(): number[] {
  const start = place("outgoing", 0).slice(0, -1);
  return Object.keys(localStorage)
    .filter((name) => name.startsWith(start))
    .map((name) => Number(name.slice(start.length)));
}

/** Let go of the oldest drafts: numbers grow, so the smallest are the oldest. */
export function tidyDrafts(): void {
  const start = place("draft", 0).slice(0, -1);
  const kept = Object.keys(localStorage)
    .filter((name) => name.startsWith(start))
    .sort((a, b) => Number(b.slice(start.length)) - Number(a.slice(start.length)));
  for (const name of kept.slice(MOST)) write(name, null, true);
}
