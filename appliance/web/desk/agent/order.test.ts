import { describe, expect, it } from "vitest";

import type { Card } from "../api/types";
import { asideInOrder, inOrder, isMine } from "./order";
import { rowsOf } from "./rows";
import { pieces, span, topic } from "./words";

function card(id: number, state: string, more: Partial<Card> = {}): Card {
  return { id, state, agent: 5, part: "agent", state_since: `2026-11-21T09:00:0${id}Z`, unanswered_since: null, ...more } as Card;
}

describe("an agent's list", () => {
  it("has what rings first, then who waits longest for an answer, whatever came when", () => {
    const late = card(1, "active", { unanswered_since: "2026-11-21T09:05:00Z" });
    const longest = card(2, "active", { unanswered_since: "2026-11-21T09:01:00Z" });
    const all = [card(3, "wrap_up"), card(4, "active"), late, longest, card(5, "held"), card(6, "offered")];
    expect(inOrder(all).map((one) => one.id)).toEqual([6, 2, 1, 4, 5, 3]);
  });

  it("has what I set aside apart, the one that comes back first on top", () => {
    const at = (id: number, until: string | null): Card => card(id, "snoozed", { snoozed_until: until });
    const all = [at(1, null), at(2, "2026-11-22T09:00:00Z"), at(3, "2026-11-21T10:00:00Z"), card(4, "active")];
    expect(asideInOrder(all, 5).map((one) => one.id)).toEqual([3, 2, 1]);
    expect(all.filter((one) => isMine(one, 5)).map((one) => one.id)).toEqual([4]);
  });

  it("holds what is mine or what I was asked into, as long as it is spoken in", () => {
    expect(isMine(card(1, "active"), 5)).toBe(true);
    expect(isMine(card(1, "closed"), 5)).toBe(false);
    expect(isMine(card(1, "active", { agent: 6, part: "past" }), 5)).toBe(false);
    expect(isMine(card(1, "active", { agent: 6, part: "colleague" }), 5)).toBe(true);
    expect(isMine(card(1, "wrap_up", { agent: 6, part: "colleague" }), 5)).toBe(false);
  });
});

describe("what was said", () => {
  const said = (number: number, at: string, author = "contact") =>
    ({ number, key: `k${number}`, at, author, agent: null, internal: false, text: "x", attachment: null });

  it("begins each day with a line, and goes on without a name within two minutes", () => {
    const rows = rowsOf([said(1, "2026-11-20T12:00:00"), said(2, "2026-11-20T12:01:00"), said(3, "2026-11-21T12:00:00")], []);
    expect(rows.map((one) => [one.kind, one.goesOn])).toEqual([
      ["day", false], ["message", false], ["message", true], ["day", false], ["message", false],
    ]);
  });

  it("keeps a line's key when it is acknowledged, so that it does not jump", () => {
    const [before] = rowsOf([], [{ key: "k1", text: "x", internal: false, at: "2026-11-20T12:00:00", refused: "" }]);
    expect(rowsOf([said(1, "2026-11-20T12:00:00")], []).at(-1)?.key).toBe(before?.key);
  });

  it("has links apart, without the full stop behind them, and nothing else", () => {
    expect(pieces("see https://a.example/b?c=1. javascript:alert(1)")).toEqual([
      { text: "see ", link: false }, { text: "https://a.example/b?c=1", link: true }, { text: ". javascript:alert(1)", link: false },
    ]);
    expect(pieces("\u89c1 https://a.example/b\u3002\u8c22\u8c22")[1]).toEqual({ text: "https://a.example/b", link: true });
  });

  it("tells times and topics shortly", () => {
    expect([span(7_000), span(750_000), span(3_723_000), span(-1)]).toEqual(["0:07", "12:30", "1:02:03", "0:00"]);
    expect([topic("An order"), topic("https://shop.example/cart?x=1")]).toEqual(["An order", "/cart?x=1"]);
    expect([topic("https://shop.example/%E8%AE%A2"), topic("https://shop.example/100%")]).toEqual(["/订", "/100%"]);
  });
});
