import { describe, expect, it } from "vitest";

import { Refused } from "../api/client";
import type { Card } from "../api/types";
import { compared, DOTS } from "./catalogue";
import { describer, merged, type Change } from "./described";

const SAW = { tags: ["late"], fields: { order: "A" }, disposition: "" };
const card = (more: Partial<Card>): Card => ({ id: 7, ...SAW, etag: "1", ...more }) as Card;

describe("what a conversation is about", () => {
  it("has the tags of both when a colleague adds one meanwhile, and loses what I took away", () => {
    expect(merged({ tags: ["late", "vip"] }, SAW, { ...SAW, tags: ["late", "refund"] })).toEqual({ tags: ["late", "refund", "vip"] });
    expect(merged({ tags: [] }, SAW, { ...SAW, tags: ["late", "refund"] })).toEqual({ tags: ["refund"] });
  });

  it("is not overwritten where a colleague gave the same thing another value", () => {
    expect(merged({ fields: { order: "B" } }, SAW, { ...SAW, fields: { order: "C" } })).toBeNull();
    expect(merged({ fields: { order: "B" } }, SAW, { ...SAW, disposition: "solved" })).toEqual({ fields: { order: "B" } });
    expect(merged({ disposition: "sold" }, SAW, { ...SAW, disposition: "solved" })).toBeNull();
  });

  it("is not overwritten where a colleague changed a confidential value, which looks as before", () => {
    const dots = (by: string) => ({ ...SAW, fields: { card: DOTS }, given: { card: { at: "2026-11-22T14:03:00.000Z", by } } });
    const saw = { ...SAW, fields: compared(dots("Bo")) };
    expect(merged({ fields: { card: "22" } }, saw, dots("Sue"))).toBeNull();
    expect(merged({ fields: { card: "22" } }, saw, dots("Bo"))).toEqual({ fields: { card: "22" } });
  });

  it("is asked for again with the newest version, and refused when the same thing was changed", async () => {
    const cards = new Map([[7, card({})]]);
    const stale = new Refused(412, "precondition-failed", "changed");
    const asked: [string, Change][] = [];
    const send = async (change: Change, now: Card): Promise<void> => {
      asked.push([now.etag, change]);
      if (now.etag !== "2") throw stale;
      cards.set(7, card({ ...(change as object), etag: "2" }));
    };
    const theirs = { tags: ["late", "refund"], fields: { order: "C" }, etag: "2" };
    const tell = describer(cards, send, async () => void cards.set(7, card(theirs)));
    await tell(cards.get(7)!, { tags: ["late", "vip"] });
    expect(asked.map(([version]) => version)).toEqual(["1", "2"]);
    expect(cards.get(7)!.tags).toEqual(["late", "refund", "vip"]);

    cards.set(7, card({}));
    await expect(tell(cards.get(7)!, { fields: { order: "B" } })).rejects.toMatchObject({ status: 412 });
    expect(cards.get(7)!.fields).toEqual({ order: "C" });

    asked.length = 0; // the desk has heard of it, and I typed before that
    await expect(tell(cards.get(7)!, { fields: { order: "B" } }, { fields: { order: "A" } })).rejects.toMatchObject({ status: 412 });
    expect(asked).toEqual([]);
  });

  it("is kept one change after the other: two tags that are typed quickly are both there", async () => {
    const cards = new Map([[7, card({})]]);
    const tell = describer(cards, async (change) => void cards.set(7, card(change as object)), async () => undefined);
    const shown = cards.get(7)!;
    await Promise.all([tell(shown, { tags: ["late", "one"] }), tell(shown, { tags: ["late", "two"] })]);
    expect(cards.get(7)!.tags).toEqual(["late", "one", "two"]);
  });
});
