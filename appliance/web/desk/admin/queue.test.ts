import { expect, test } from "vitest";

import { always, hoursLine, isAlways, newForm, openToday, wrongSpan } from "./queue";

const NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

test("hours are told in one line, with neighbours together", () => {
  expect(hoursLine(newForm("UTC").hours.week, NAMES, "closed")).toBe("Mon–Fri 09:00-18:00");
  expect(hoursLine({ "0": ["08:00-12:00", "13:00-17:00"], "6": ["10:00-12:00"] }, NAMES, "closed")).toBe(
    "Mon 08:00-12:00, 13:00-17:00; Sun 10:00-12:00",
  );
  expect(hoursLine({}, NAMES, "closed")).toBe("closed");
});

test("day and night is known", () => {
  const form = newForm("UTC");
  expect(isAlways(form)).toBe(false);
  form.hours.week = always();
  expect(isAlways(form)).toBe(true);
});

test("a queue is opened today by the day of its own zone", () => {
  const hours = openToday(newForm("Asia/Shanghai").hours, new Date("2026-03-31T20:00:00Z"));
  expect(hours.days).toEqual({ "2026-04-01": ["00:00-00:00"] });
  expect(hours.week["6"]).toEqual([]);
});

test("a span that means nothing is found before it is sent", () => {
  expect(["09:00-18:00", "22:00-06:00", "00:00-00:00"].some(wrongSpan)).toBe(false);
  expect(["9-18", "09:00", "25:00-26:00", "09:00-09:00", ""].every(wrongSpan)).toBe(true);
});
