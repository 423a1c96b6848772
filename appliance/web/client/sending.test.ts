import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Sending, type Verdict } from "./sending";

let waiting: string[] = [];
let asked: string[] = [];
let failures: Verdict[] = [];

function sending(): Sending<string> {
  return new Sending<string>({
    next: () => waiting[0],
    send: (one) => {
      asked.push(one);
      if (failures.length > 0) return Promise.reject(new Error("no"));
      waiting.shift();
      return Promise.resolve();
    },
    failed: (one) => {
      const verdict = failures.shift()!;
      if (verdict === "refused") waiting = waiting.filter((other) => other !== one);
      return verdict;
    },
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  waiting = ["a", "b"];
  asked = [];
  failures = [];
});
afterEach(() => void vi.useRealTimers());

describe("what waits to be sent", () => {
  it("goes in order, and once", async () => {
    await sending().flush();
    expect(asked).toEqual(["a", "b"]);
  });

  it("goes on with the next one after a refusal", async () => {
    failures = ["refused"];
    await sending().flush();
    expect(asked).toEqual(["a", "b"]);
  });

  it("is kept in order when nobody answers, and sent again", async () => {
    failures = [{}, {}];
    const done = sending().flush();
    await vi.advanceTimersByTimeAsync(2_000);
    await done;
    expect(asked).toEqual(["a", "a", "a", "b"]);
  });

  it("waits as long as the server says, however much is typed meanwhile, and then goes on", async () => {
    failures = [{ wait: 7 }];
    const mine = sending();
    const done = mine.flush();
    for (let second = 0; second < 6; second += 1) {
      await vi.advanceTimersByTimeAsync(1_000);
      waiting.push(`typed ${second}`);
      void mine.flush();
    }
    expect(asked).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(2_100);
    await done;
    expect(asked.slice(0, 4)).toEqual(["a", "a", "b", "typed 0"]);
    expect(waiting).toEqual([]);
  });

  it("is tried at once when the server is back", async () => {
    failures = [{}, {}, {}, {}, {}];
    const mine = sending();
    const done = mine.flush();
    await vi.advanceTimersByTimeAsync(6_000);
    failures = [];
    const before = asked.length;
    void mine.flush();
    await vi.advanceTimersByTimeAsync(0);
    await done;
    expect(asked.length).toBe(before + 2);
  });

  it("stays when the session is over, and goes after the next sign-in", async () => {
    failures = ["stop"];
    const mine = sending();
    await mine.flush();
    expect(waiting).toEqual(["a", "b"]);
    await mine.flush();
    expect(waiting).toEqual([]);
  });

  it("is tried no more once it is stopped", async () => {
    failures = [{ wait: 60 }];
    const mine = sending();
    const done = mine.flush();
    await vi.advanceTimersByTimeAsync(10);
    mine.stop();
    await done;
    expect(asked).toEqual(["a"]);
  });
});
