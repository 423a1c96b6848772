import { expect, it } from "vitest";

import type { Card } from "../api/types";
import { narrowed } from "./find";

const card = (id: number, more: Partial<Card>): Card =>
  ({ id, contact_name: "", subject: "", last: null, queue: 1, tags: [], fields: {}, ...more }) as unknown as Card;
const cards = [
  card(41, { contact_name: "Ana Müller", subject: "https://shop.example/returns?order=4711", tags: ["refund"] }),
  card(42, { contact_name: "王小明", last: { author: "contact", text: "我的包裹 still waits", at: "" } }),
  card(141, { contact_name: "Ben", queue: 2, fields: { order: 9000 } }),
];
const queue = (id: number | null): string => (id === 2 ? "Service" : "Sales");
const ids = (words: string): number[] => narrowed(cards, words, queue).map((one) => one.id);

it.each([
  ["", [41, 42, 141]],
  ["müller", [41]],
  ["#141", [141]],
  ["returns 4711", [41]],
  ["包裹", [42]],
  ["WAITS 小明", [42]],
  ["refund", [41]],
  ["service", [141]],
  ["9000", [141]],
  ["ana service", []],
])("%j finds what holds each of the words", (words, found) => expect(ids(words)).toEqual(found));

it("shows the whole list, not a copy, while nothing is typed", () => expect(narrowed(cards, "  ", queue)).toBe(cards));
