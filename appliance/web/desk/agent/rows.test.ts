import { expect, it } from "vitest";

import type { Message } from "../api/types";
import { rowsOf } from "./rows";

const said = (number: number, at: string): Message =>
  ({ number, at, key: `k${number}`, author: "contact", agent: null, text: "x", internal: false, attachment: null }) as Message;

it("begins with its day when the beginning is there", () => {
  expect(rowsOf([said(1, "2026-11-20T10:00:00Z")], []).map((one) => one.kind)).toEqual(["day", "message"]);
});

it("has no line of a day above messages that others come before: what one reads would move with it", () => {
  const page = [said(201, "2026-11-20T10:00:00Z"), said(202, "2026-11-22T10:00:00Z")];
  expect(rowsOf(page, []).map((one) => one.kind)).toEqual(["message", "day", "message"]);
});

it("makes a line once: what was said before stays as it is drawn when more is said", () => {
  const first = said(1, "2026-11-20T10:00:00Z");
  const [, before] = rowsOf([first], []);
  const [, after, next] = rowsOf([first, said(2, "2026-11-20T10:01:00Z")], []);
  expect(after).toBe(before);
  expect(next?.goesOn).toBe(true);
});
