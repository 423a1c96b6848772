import { describe, expect, it } from "vitest";

import type { FieldShape, LabelShape } from "../api/types";
import { compared, DOTS, givenBy, inUse, inWords, isHidden, offeredIn, stillFilled } from "./catalogue";

const field = (key: string, more: Partial<FieldShape> = {}): FieldShape => ({ id: 1, subject: "contact", key, names: {}, kind: "text", choices: [], required: false, position: 1, retired: false, confidential: false, etag: "", ...more });
const label = (word: string, more: Partial<LabelShape> = {}): LabelShape => ({ id: 1, kind: "disposition", word, names: {}, colour: "grey", queues: [], position: 1, retired: false, etag: "", ...more });

describe("what agents fill in and choose from", () => {
  it("is read in the reader's language, or in the one that there is", () => {
    expect(inWords({ en: "Order", "zh-CN": "\u8ba2\u5355" }, "zh-CN")).toBe("\u8ba2\u5355");
    expect(inWords({ en: "Order" }, "zh-CN")).toBe("Order");
  });
  it("stands in its order, without what is retired", () => {
    const all = [field("b", { position: 2 }), field("old", { retired: true }), field("a"), field("other", { subject: "conversation" })];
    expect(inUse(all, "contact").map((one) => one.key)).toEqual(["a", "b"]);
    expect(stillFilled(all, "contact", { old: "x" }).map((one) => one.key)).toEqual(["old"]);
    expect(stillFilled(all, "contact", {})).toEqual([]);
  });
  it("is what the queue offers", () => {
    const all = [label("sold", { queues: [7] }), label("solved"), label("vip", { kind: "tag" }), label("lost", { retired: true })];
    expect(offeredIn(all, 7).map((one) => one.word)).toEqual(["sold", "solved"]);
    expect(offeredIn(all, null).map((one) => one.word)).toEqual(["solved"]);
  });
});

describe("confidential values", () => {
  const at = "2026-11-22T14:03:00.000Z";
  const of = (by: string) => compared({ fields: { card: DOTS, town: "Lund" }, given: { card: { at, by } } });

  it("look alike, and are told apart by whose they are", () => {
    expect(of("Sue Bennett").card).not.toBe(of("Bo").card);
    expect(isHidden(of("Bo").card)).toBe(true);
    expect(givenBy(of("Sue Bennett").card)).toEqual({ at: new Date(at), by: "Sue Bennett" });
    expect(of("Bo").town).toBe("Lund");
  });

  it("are of nobody when they were filled in before that was kept", () => {
    expect(givenBy(compared({ fields: { card: DOTS }, given: { card: { at: null, by: "" } } }).card)).toBeUndefined();
    expect(givenBy(DOTS)).toBeUndefined();
    expect(givenBy("Lund")).toBeUndefined();
  });
});
