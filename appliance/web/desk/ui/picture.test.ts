import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { effectScope, nextTick, ref } from "vue";

import { afterPicture, afterPresses, useSettled, watchPresses } from "./picture";

let pictures: (() => void)[];
let ears: Record<string, () => void>;

/** The browser draws; what follows the picture is done, and time goes on by as much as that takes. */
function draw(): void {
  for (const made of pictures.splice(0)) made();
  vi.advanceTimersByTime(1);
}

beforeEach(() => {
  pictures = [];
  ears = {};
  vi.useFakeTimers();
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("requestAnimationFrame", (made: () => void) => pictures.push(made));
  vi.stubGlobal("addEventListener", (sign: string, ear: () => void) => (ears[sign] = ear));
});
afterEach(() => {
  draw();
  vi.runAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("follows the picture, once", () => {
  const job = vi.fn();
  afterPicture(job);
  expect(job).not.toHaveBeenCalled();
  draw();
  vi.runAllTimers();
  expect(job).toHaveBeenCalledTimes(1);
});

it("is done all the same when the page is hidden before its picture", () => {
  const job = vi.fn();
  afterPicture(job);
  vi.advanceTimersByTime(1000);
  expect(job).toHaveBeenCalledTimes(1);
});

describe("what comes in by itself", () => {
  const done: string[] = [];
  beforeEach(() => {
    done.length = 0;
    watchPresses();
  });

  it("is taken at once while nobody waits", () => {
    afterPresses(() => done.push("answer"));
    expect(done).toEqual(["answer"]);
  });

  it("waits for the picture of a press, and keeps its order", () => {
    ears.keydown?.();
    afterPresses(() => done.push("first"));
    afterPresses(() => done.push("second"));
    expect(done).toEqual([]);
    draw();
    afterPresses(() => done.push("third"));
    vi.runAllTimers();
    expect(done).toEqual(["first", "second", "third"]);
  });

  it("lets another press go first", () => {
    ears.keydown?.();
    afterPresses(() => {
      done.push("first");
      ears.pointerdown?.();
    });
    afterPresses(() => done.push("second"));
    draw();
    vi.advanceTimersByTime(50);
    expect(done).toEqual(["first"]);
    draw();
    vi.runAllTimers();
    expect(done).toEqual(["first", "second"]);
  });

  it("is not held up by one that fails", () => {
    ears.keydown?.();
    afterPresses(() => {
      throw new Error("broken");
    });
    afterPresses(() => done.push("second"));
    expect(draw).toThrow("broken");
    vi.runAllTimers();
    expect(done).toEqual(["second"]);
    afterPresses(() => done.push("third"));
    expect(done).toEqual(["second", "third"]);
  });
});

describe("what somebody stays at", () => {
  it("is known after the picture where they jump, and after a while where they step", async () => {
    const [source, scope] = [ref(1), effectScope()];
    const kept = scope.run(() => useSettled(() => source.value))!;
    draw();
    expect(kept.value).toBe(1);
    vi.advanceTimersByTime(1000);
    for (const step of [2, 3, 4]) {
      source.value = step;
      await nextTick();
      draw();
      vi.advanceTimersByTime(200);
      expect(kept.value).toBe(2); // the first was a jump
    }
    vi.advanceTimersByTime(200);
    expect(kept.value).toBe(4);
    scope.stop();
  });

  it("begins with a jump, however late it is known", async () => {
    const [source, scope] = [ref<number>(), effectScope()];
    const kept = scope.run(() => useSettled(() => source.value))!;
    source.value = 1;
    await nextTick();
    draw();
    expect(kept.value).toBe(1);
    scope.stop();
  });

  it("is not told any more where nobody is left", async () => {
    const [source, scope] = [ref(1), effectScope()];
    const kept = scope.run(() => useSettled(() => source.value))!;
    draw();
    source.value = 2;
    await nextTick();
    scope.stop();
    draw();
    vi.runAllTimers();
    expect(kept.value).toBe(1);
  });
});
