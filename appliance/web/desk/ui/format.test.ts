import { expect, test } from "vitest";

import { clockTime, NOTHING, shown } from "./format";

test("times are minutes and seconds, and hours when there are some", () => {
  expect([0, 9.6, 75, 3600, 36_061].map(clockTime)).toEqual(["0:00", "0:10", "1:15", "1:00:00", "10:01:01"]);
});

test("a clock that runs behind shows no negative time", () => {
  expect(clockTime(-3)).toBe("0:00");
});

test("a share of nothing is no number, and all is a hundred", () => {
  expect(shown(null, "share", "en")).toBe(NOTHING);
  expect(shown(1, "share", "en")).toBe("100%");
  expect(shown(0.7164, "share", "en")).toBe("71.6%");
  expect(shown(1234, "count", "en")).toBe("1,234");
});
