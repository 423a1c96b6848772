import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { effectScope, ref } from "vue";

import { Refused, Unreached } from "./client";
import { untilReached, useReached } from "./reached";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("asks again when the server says that it takes more, and not before", async () => {
  const job = vi.fn().mockRejectedValueOnce(new Unreached("", 7)).mockResolvedValue("here");
  const told = untilReached(job, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(6900);
  expect(job).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(await told).toBe("here");
});

it("asks no more once nobody wants it", async () => {
  const gone = new AbortController();
  const job = vi.fn().mockRejectedValue(new Unreached());
  const told = untilReached(job, gone.signal);
  await vi.advanceTimersByTimeAsync(0);
  gone.abort();
  expect(await told).toBeUndefined();
  expect(job).toHaveBeenCalledTimes(1);
});

it("does not ask again what was refused", async () => {
  const job = vi.fn().mockRejectedValue(new Refused(404, "unknown", "no"));
  await expect(untilReached(job, new AbortController().signal)).rejects.toBeInstanceOf(Refused);
  expect(job).toHaveBeenCalledTimes(1);
});

it("leaves what was wanted when something else is, and asks for that", async () => {
  const wanted = ref(1);
  const asked = vi.fn().mockRejectedValue(new Unreached());
  const scope = effectScope();
  scope.run(() => useReached(wanted, asked));
  for (const next of [2, 3]) {
    wanted.value = next;
    await vi.advanceTimersByTimeAsync(0);
  }
  asked.mockResolvedValue("here");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.mock.calls).toEqual([[1], [2], [3], [3]]); // what is wanted from the beginning, too
  scope.stop();
});
