import { expect, test } from "vitest";

import type { FeedEvent } from "../../client/feed";
import { pickedUp } from "./picked";

const told = (kind: string, data: Record<string, unknown>): FeedEvent => ({ seq: 1, at: "", kind, data: { conversation: 3, who: "agent:7", ...data } });

test("a call that I picked up at the telephone is told from one that I took at a desk", () => {
  expect(pickedUp(told("conversation.accept", { at_phone: true }), 7)).toBe(true);
  expect(pickedUp(told("conversation.accept", {}), 7)).toBe(false);
  expect(pickedUp(told("conversation.accept", { at_phone: true }), 8)).toBe(false);
  expect(pickedUp(told("conversation.end", { at_phone: true }), 7)).toBe(false);
});

test("a call that a colleague asked me into is picked up in the same way, and not when somebody else is there", () => {
  expect(pickedUp(told("conversation.pick_up", { at_phone: true }), 7)).toBe(true);
  expect(pickedUp(told("conversation.pick_up", { at_phone: true }), 8)).toBe(false);
});
