// Somebody types: who, in which conversation, for as long as it was told lately.

import { reactive } from "vue";

import type { Moment } from "../../client/feed";
import { post } from "../api/client";

const LASTS = 6000; // milliseconds after the last word of it
const EVERY = 2500; // between two of ours

/** By conversation: the agent who types; 0: the contact. */
export const typing = reactive(new Map<number, number>());
const timers = new Map<number, number>();
const told = new Map<number, number>();

export function heardTyping(moment: Moment): void {
  if (moment.kind !== "typing") return;
  const conversation = Number(moment.data.conversation ?? 0);
  clearTimeout(timers.get(conversation));
  typing.set(conversation, Number(moment.data.agent ?? 0));
  timers.set(conversation, setTimeout(() => typing.delete(conversation), LASTS) as unknown as number);
}

/** They have said it: they type no more. */
export function typesNoMore(conversation: number): void {
  clearTimeout(timers.get(conversation));
  typing.delete(conversation);
}

/** I type: told now and then, and never mind when it is not. */
export function iType(conversation: number, at = Date.now()): void {
  if (at - (told.get(conversation) ?? -EVERY) < EVERY) return;
  told.set(conversation, at);
  void post("/api/v1/desk/conversations/{conversation}/typing", { path: { conversation } }).catch(() => undefined);
}
