import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { afterPicture } from "./picture";

let picture: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("requestAnimationFrame", (made: () => void) => (picture = made));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("follows the picture, once", () => {
  const job = vi.fn();
  afterPicture(job);
  expect(job).not.toHaveBeenCalled();
  picture();
  vi.runAllTimers();
  expect(job).toHaveBeenCalledTimes(1);
});

it("is done all the same when the page is hidden before its picture", () => {
  const job = vi.fn();
  afterPicture(job);
  vi.advanceTimersByTime(1000);
  expect(job).toHaveBeenCalledTimes(1);
});
