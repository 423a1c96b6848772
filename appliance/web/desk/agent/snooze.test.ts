import { describe, expect, it } from "vitest";

import { fieldTime, laters } from "./snooze";

function told(now: Date): string[] {
  return laters(now).map((one) => `${one.key} ${fieldTime(one.at)}`);
}

describe("times for later", () => {
  it("are soon, tomorrow at nine and next Monday at nine, by the clock of who looks", () => {
    expect(told(new Date(2026, 10, 30, 23, 50))).toEqual([ // a Monday, the last day of the month
      "minutes 2026-12-01T00:10", "hours 2026-12-01T01:50", "tomorrow 2026-12-01T09:00", "monday 2026-12-07T09:00",
    ]);
  });

  it("name Monday once", () => {
    expect(told(new Date(2026, 10, 29, 8, 0)).map((one) => one.split(" ")[0])).toEqual(["minutes", "hours", "tomorrow"]);
  });
});
