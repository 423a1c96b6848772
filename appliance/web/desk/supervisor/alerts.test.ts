import { describe, expect, it } from "vitest";

import { alertsOf, Told } from "./alerts";
import type { Board } from "./wall";

const MINUTE = 60_000;

function missed(...kinds: string[]) {
  return alertsOf([{ id: 1, name: "Sales", alerts: kinds } as unknown as Board]);
}

describe("a missed target", () => {
  it("rings once while it lasts, and again only when it comes back after a while", () => {
    const told = new Told();
    expect(told.heard(missed("wait"), 0)).toBe(true);
    for (let minute = 1; minute < 30; minute += 1) expect(told.heard(missed("wait"), minute * MINUTE)).toBe(false);
    expect(told.heard(missed("wait", "nobody"), 30 * MINUTE)).toBe(true); // another one
    expect(told.heard([], 31 * MINUTE)).toBe(false);
    expect(told.heard(missed("wait"), 32 * MINUTE)).toBe(false); // it comes and goes
    expect(told.heard([], 33 * MINUTE)).toBe(false);
    expect(told.heard(missed("wait"), 43 * MINUTE)).toBe(true);
  });

  it("is shown until somebody has seen it, and afresh once it was mended", () => {
    const told = new Told();
    const now = missed("wait");
    told.heard(now, 0);
    expect(told.shown(now)).toHaveLength(1);
    told.understood(now);
    expect(told.shown(now)).toHaveLength(0);
    told.heard([], MINUTE);
    expect(told.shown(now)).toHaveLength(1);
  });
});
