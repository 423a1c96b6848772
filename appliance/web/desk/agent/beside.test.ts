import { describe, expect, it } from "vitest";

import { besides, changes, follow, formOf, settle, stops, take } from "./beside";

describe("a form that somebody else edits, too", () => {
  it("shows what is kept now where I changed nothing, and sends nothing of it", () => {
    const form = formOf({ order: "A" });
    follow(form, { order: "B", paid: "yes" });
    expect(form.mine).toEqual({ order: "B", paid: "yes" });
    expect(changes(form, ["order", "paid"])).toEqual({});
    follow(form, {});
    expect(form.mine).toEqual({});
  });

  it("keeps what I typed, with theirs beside it, and sends it only after I was told", () => {
    const form = formOf<string>({ order: "A" });
    form.mine.order = "mine";
    follow(form, { order: "theirs" });
    expect([form.mine.order, besides(form, "order")?.value]).toEqual(["mine", "theirs"]);
    expect(changes(form, ["order"])).toEqual({});
    expect([stops(form), stops(form)]).toEqual([true, false]);
    expect(changes(form, ["order"])).toEqual({ order: "mine" });
    follow(form, { order: "again theirs" });
    expect(stops(form)).toBe(true);
  });

  it("takes theirs, or an empty one, when I want it, and forgets it when mine is kept", () => {
    const form = formOf<string>({ order: "A" });
    form.mine.order = "mine";
    follow(form, {});
    take(form, "order");
    expect([form.mine, changes(form, ["order"])]).toEqual([{}, {}]);
    form.mine.order = "mine";
    follow(form, { order: "theirs" });
    follow(form, { order: "mine" });
    expect(besides(form, "order")).toBeUndefined();
  });

  it("what I gave is nothing that somebody else changed, although it stands there hidden", () => {
    const form = formOf<string>({ card: "•• Sue" });
    form.mine.card = "22";
    follow(form, { card: "•• Bo" }); // it was heard of before the answer came
    settle(form, ["card"], { card: "•• Bo" });
    expect(besides(form, "card")).toBeUndefined();
    expect(changes(form, ["card"])).toEqual({});
  });
});
