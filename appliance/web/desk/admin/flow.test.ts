import { expect, test } from "vitest";

import { type FlowForm, inOrder, newStep, picture, plain, renamed, wentAlong } from "./flow";

const FORM: FlowForm = {
  start: "hello",
  steps: {
    hello: { kind: "play", say: [{ text: "Hi", language: "en" }], ways: { next: "menu" } },
    menu: { kind: "menu", say: [{ text: "1?", language: "en" }], keys: { "1": "sales", "2": "" }, ways: { otherwise: "sales" }, tries: 3, seconds: 5 },
    sales: { kind: "queue", queue: 1, ways: {} },
    lost: { kind: "hang_up", say: [{ text: " ", language: "en" }], ways: {} },
  },
};

test("a picture has a row for each distance from the start, and what nobody reaches below", () => {
  const found = picture(FORM);
  const rows = Object.fromEntries(found.boxes.map((box) => [box.name, box.y]));
  expect([rows.hello, rows.menu, rows.sales, rows.lost].every((y, n, all) => n === 0 || (y as number) > (all[n - 1] as number))).toBe(true);
  expect(found.lines.map((line) => `${line.from} ${line.label} ${line.to}`)).toEqual(["hello next menu", "menu 1 sales", "menu otherwise sales"]);
});

test("a walk went the way of the key that was pressed, or of none after all questions", () => {
  const lines = picture(FORM).lines;
  const went = (...stops: [string, string][]) => lines.filter((line) => wentAlong(line, lines, stops.map(([step, did]) => ({ step, did })))).map((line) => line.label);
  expect(went(["hello", "said"], ["menu", "1"], ["sales", ""])).toEqual(["next", "1"]);
  expect(went(["menu", "silence"], ["menu", "silence"], ["sales", ""])).toEqual(["otherwise"]);
  expect(went(["menu", "9"], ["sales", ""])).toEqual(["otherwise"]);
});

test("what nobody has filled in is not sent", () => {
  const sent = plain(FORM);
  expect(sent.steps.menu?.keys).toEqual({ "1": "sales" });
  expect(sent.steps.lost?.say).toEqual([]);
});

test("a step is called otherwise wherever it is named", () => {
  const found = renamed(FORM, "sales", "shop");
  expect(Object.keys(found.steps)).toEqual(["hello", "menu", "shop", "lost"]);
  expect(found.steps.menu?.keys?.["1"]).toBe("shop");
  expect(found.steps.menu?.ways?.otherwise).toBe("shop");
  expect(renamed(FORM, "hello", "start").start).toBe("start");
});

test("steps are listed as callers come to them", () => {
  const { hello, menu, sales, lost } = FORM.steps as Required<typeof FORM.steps>;
  const mixed = { start: "hello", steps: { lost, sales, menu, hello } } as FlowForm;
  expect(Object.keys(inOrder(mixed).steps)).toEqual(["hello", "menu", "sales", "lost"]);
});

test("a flow without steps is an empty picture", () => {
  expect(picture({ start: "", steps: {} }).boxes).toEqual([]);
  expect(newStep("menu", "en", 1).tries).toBe(3);
});
