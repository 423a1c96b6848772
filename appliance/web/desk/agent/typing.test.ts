import { beforeEach, describe, expect, it, vi } from "vitest";

const asked = vi.hoisted(() => vi.fn(() => Promise.resolve()));
vi.mock("../api/client", () => ({ post: asked }));

import { heardTyping, iType, typesNoMore, typing } from "./typing";

function told(agent: number | null): void {
  heardTyping({ kind: "typing", at: "", data: { conversation: 7, agent } });
}

describe("typing", () => {
  beforeEach(() => vi.useFakeTimers());

  it("is shown for a few seconds after it was told last, and ends with what was said", () => {
    told(null);
    vi.advanceTimersByTime(4000);
    told(null);
    vi.advanceTimersByTime(4000);
    expect(typing.get(7)).toBe(0);
    vi.advanceTimersByTime(2000);
    expect(typing.has(7)).toBe(false);
    told(5);
    expect(typing.get(7)).toBe(5);
    typesNoMore(7);
    expect(typing.has(7)).toBe(false);
  });

  it("is told at most every few seconds for each conversation, however fast the keys are", () => {
    for (const at of [0, 100, 2400, 2500, 2600]) iType(7, at);
    iType(8, 2600);
    expect(asked).toHaveBeenCalledTimes(3);
  });
});
