import { expect, it } from "vitest";

import { contrast, inkOn } from "./ink";

it.each([
  ["#0b6bcb", "#ffffff"],
  ["#ffd54f", "#1c2430"],
])("chooses the ink that is read better on %s", (accent, ink) => expect(inkOn(accent)).toBe(ink));

it("knows the ratio of WCAG", () => expect(contrast("#000000", "#ffffff")).toBeCloseTo(21));
