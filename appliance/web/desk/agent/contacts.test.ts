import { expect, test } from "vitest";

import type { FeedEvent } from "../../client/feed";
import { them } from "./contacts";

const told = (kind: string, data: FeedEvent["data"]): FeedEvent => ({ seq: 1, at: "", kind, data });

test("the contact that stays and those that are one with it are meant", () => {
  expect([...them(told("contact.merged", { into: 4, same: [9, 11] }))]).toEqual([4, 9, 11]);
});

test("the contact of which something else is known is meant", () => {
  expect([...them(told("contact.set", { contact: 4, fields: {} }))]).toEqual([4]);
});
