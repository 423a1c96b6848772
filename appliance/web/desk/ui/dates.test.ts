import { expect, test } from "vitest";

import { withTimes } from "./dates";

test("stamps in a sentence become times of whoever reads it, and all else stays", () => {
  const show = (at: Date): string => `<${at.getTime()}>`;
  expect(withTimes("quiet until 1970-01-01T00:00:01.000Z, held since 1970-01-01T00:00:02Z.", show)).toBe("quiet until <1000>, held since <2000>.");
  expect(withTimes("11-21 17:37 of desk 2026-11", show)).toBe("11-21 17:37 of desk 2026-11");
});
