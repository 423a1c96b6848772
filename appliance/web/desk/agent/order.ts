// The order of an agent's list: what rings, then who waits longest for an answer, then the rest.

import type { Card } from "../api/types";

const RANK: Record<string, number> = { offered: 0, waiting: 1, active: 2, held: 3, wrap_up: 4 };

function rank(card: Card): number {
  if (card.state === "active" && card.unanswered_since) return RANK.waiting!;
  return RANK[card.state] ?? 5;
}

function since(card: Card): number {
  const at = card.unanswered_since ?? card.state_since ?? card.created_at;
  return Date.parse(at);
}

export function inOrder(cards: Iterable<Card>): Card[] {
  // What they are sorted by is read once of each, not at each comparison: hundreds of cards are watched, and read slowly.
  const places = [...cards].map((card) => ({ card, rank: rank(card), since: since(card), id: card.id }));
  return places.sort((a, b) => a.rank - b.rank || a.since - b.since || a.id - b.id).map((one) => one.card);
}

/** What I set aside, the one that comes back first on top; without a time last. */
export function asideInOrder(cards: Iterable<Card>, me: number): Card[] {
  const at = (card: Card): number => (card.snoozed_until ? Date.parse(card.snoozed_until) : Infinity);
  return [...cards].filter((one) => isAside(one, me)).sort((a, b) => at(a) - at(b) || a.id - b.id);
}

export function isAside(card: Card, me: number): boolean {
  return card.agent === me && card.state === "snoozed";
}

/** Whether it is still on the desk: at me and not done, or spoken in where a colleague asked me in. */
export function isMine(card: Card, me: number): boolean {
  if (card.agent === me) return ["offered", "active", "held", "wrap_up"].includes(card.state);
  return isJoined(card);
}

/** It closed by time while something required was missing: mine to fill in, if I had it last. */
export function isIncomplete(card: Card): boolean {
  return card.incomplete && card.part === "past";
}

export function isJoined(card: Card): boolean {
  return card.part === "colleague" && ["active", "held"].includes(card.state);
}
