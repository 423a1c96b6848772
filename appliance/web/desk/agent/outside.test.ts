import { expect, test } from "vitest";

import { outsideNumber } from "./outside";

test("a number is known however it is written", () => {
  expect(outsideNumber("+86 (10) 6000-1234")).toBe("+861060001234");
  expect(outsideNumber("010/6000.1234")).toBe("01060001234");
});

test("names, and the beginning of one, are no numbers", () => {
  for (const typed of ["", "12", "anna", "sales 24", "10a", "1+2", "+"]) expect(outsideNumber(typed)).toBe("");
});
