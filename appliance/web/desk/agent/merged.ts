// Several contacts turned out to be one person: which of my conversations are with them.

import type { FeedEvent } from "../../client/feed";
import type { Card } from "../api/types";

export function withThem(told: FeedEvent, cards: Iterable<Card>): number[] {
  const them = new Set([Number(told.data.into), ...(told.data.same as number[])]);
  return [...cards].filter((one) => them.has(one.contact)).map((one) => one.id);
}
