import { expect, test } from "vitest";

import type { FeedEvent } from "../../client/feed";
import type { Card } from "../api/types";
import { withThem } from "./merged";

test("conversations with the contact that stays and with those that are one with it are meant, and no others", () => {
  const told: FeedEvent = { seq: 1, at: "", kind: "contact.merged", data: { into: 4, same: [9, 11] } };
  const cards = [[1, 4], [2, 5], [3, 11]].map(([id, contact]) => ({ id, contact }) as Card);
  expect(withThem(told, cards)).toEqual([1, 3]);
});
