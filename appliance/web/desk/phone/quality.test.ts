import { expect, test } from "vitest";

import { heard, judge, silentSince, type Heard } from "./quality";

const line = (changes: Partial<Heard>): Heard => ({ received: 1000, lost: 0, jitter: 5, roundTrip: 20, ...changes });

test("loss is of the last seconds, not of the whole call", () => {
  const bad = judge(line({ received: 1090, lost: 10 }), line({}));
  expect(bad.loss).toBeCloseTo(0.1);
  expect(bad.verdict).toBe("poor");
  expect(judge(line({ received: 1200, lost: 10 }), line({ received: 1100, lost: 10 })).verdict).toBe("good");
});

test("each of the three figures can spoil a line", () => {
  expect(judge(line({}), null).verdict).toBe("good");
  expect(judge(line({ jitter: 40 }), null).verdict).toBe("fair");
  expect(judge(line({ roundTrip: 250 }), null).verdict).toBe("fair");
  expect(judge(line({ roundTrip: 500 }), null).verdict).toBe("poor");
  expect(judge(line({ lost: 20 }), null).verdict).toBe("fair");
});

test("nothing was heard yet", () => {
  expect(judge(heard([]), null)).toEqual({ came: 0, loss: 0, jitter: null, roundTrip: null, verdict: "good" });
});

test("a line is silent from the first look at which nothing came, unless nothing is meant to", () => {
  expect(silentSince(0, 5000, 0, true)).toBe(5000);
  expect(silentSince(5000, 7000, 0, true)).toBe(5000);
  expect(silentSince(5000, 9000, 3, true)).toBe(0);
  expect(silentSince(5000, 9000, 0, false)).toBe(0);
});

test("figures of voice alone are read, in milliseconds", () => {
  expect(
    heard([
      { type: "inbound-rtp", kind: "audio", packetsReceived: 7, packetsLost: 1, jitter: 0.004 },
      { type: "inbound-rtp", kind: "video", packetsReceived: 99 },
      { type: "remote-inbound-rtp", kind: "audio", roundTripTime: 0.02 },
    ]),
  ).toEqual({ received: 7, lost: 1, jitter: 4, roundTrip: 20 });
});
