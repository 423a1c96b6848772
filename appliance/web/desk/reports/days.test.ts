import { expect, test } from "vitest";

import { beginOf, beginsOf, daysOf, suitable } from "./days";

const FIRST_OF_MARCH = new Date(2026, 2, 1, 23, 59);

test("presets end today and cross months", () => {
  expect(daysOf("today", FIRST_OF_MARCH)).toEqual(["2026-03-01", "2026-03-01"]);
  expect(daysOf("yesterday", FIRST_OF_MARCH)).toEqual(["2026-02-28", "2026-02-28"]);
  expect(daysOf("week", FIRST_OF_MARCH)).toEqual(["2026-02-23", "2026-03-01"]);
  expect(daysOf("month", FIRST_OF_MARCH)).toEqual(["2026-03-01", "2026-03-01"]);
  expect(daysOf("chosen", FIRST_OF_MARCH)).toBeNull();
});

test("few days are shown by hour, many by month", () => {
  expect(suitable("2026-03-01", "2026-03-01")).toBe("hour");
  expect(suitable("2026-02-01", "2026-03-01")).toBe("day");
  expect(suitable("2025-01-01", "2026-03-01")).toBe("month");
});

test("a row's begin is told in the report's own zone", () => {
  expect(beginOf("2026-03-01T09:15:00+05:45", "quarter")).toBe("2026-03-01 09:15");
  expect(beginOf("2026-03-01T00:00:00+08:00", "day")).toBe("2026-03-01");
  expect(beginOf("2026-03-01T00:00:00+08:00", "month")).toBe("2026-03");
});

test("two hours of the same name are told apart by their distance from UTC", () => {
  const [first, second, third] = ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"] as const;
  expect([...beginsOf([first, first, second, third], "hour")]).toEqual([
    [first, "2026-10-25 02:00 +02:00"], [second, "2026-10-25 02:00 +01:00"], [third, "2026-10-25 03:00"],
  ]);
});
