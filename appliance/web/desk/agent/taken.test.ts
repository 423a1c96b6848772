import { expect, test } from "vitest";

import type { FeedEvent } from "../../client/feed";
import { noticed, takenAway, type Taken } from "./taken";

const told = (kind: string, who: string): FeedEvent => ({ seq: 1, at: "", kind, data: { conversation: 3, who } });

test("a supervisor who takes it or gives it on is named", () => {
  expect(takenAway(told("conversation.taken", "agent:2"), 7, "Li")).toEqual({ conversation: 3, by: 2, took: true, contact: "Li" });
  expect(takenAway(told("conversation.transfer", "agent:2"), 7, "Li")?.took).toBe(false);
});

test("what I did myself, and what nobody took, is no news", () => {
  expect(takenAway(told("conversation.transfer", "agent:7"), 7, "")).toBeNull();
  expect(takenAway(told("conversation.end", "contact:9"), 7, "")).toBeNull();
  expect(takenAway(told("conversation.transfer", "system"), 7, "")).toBeNull();
});

test("of one conversation the newest is told, and never more than are read", () => {
  const one = (conversation: number, by: number): Taken => ({ conversation, by, took: true, contact: "" });
  expect(noticed([one(1, 2)], one(1, 3))).toEqual([one(1, 3)]);
  const many = [1, 2, 3, 4, 5].map((id) => one(id, 2));
  expect(noticed(many, one(6, 2)).map((each) => each.conversation)).toEqual([2, 3, 4, 5, 6]);
});
