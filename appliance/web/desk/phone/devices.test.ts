import { expect, test } from "vitest";

import { missing, serving, usable } from "./devices";

const found = [
  { kind: "audioinput", deviceId: "default" }, { kind: "audioinput", deviceId: "headset" },
  { kind: "audiooutput", deviceId: "default" }, { kind: "audiooutput", deviceId: "loud" },
] as const;

test("a device serves as what it is, and the computer's own choice is none of them", () => {
  expect(serving("microphone", found).map((one) => one.deviceId)).toEqual(["headset"]);
  expect(serving("ringer", found).map((one) => one.deviceId)).toEqual(["loud"]);
});

test("what is not there is left to the computer, and the rest stays as it was chosen", () => {
  const chosen = { microphone: "headset", speaker: "headset's", ringer: "loud" };
  expect(missing(chosen, found)).toEqual(["speaker"]);
  expect(usable(chosen, ["speaker"])).toEqual({ microphone: "headset", speaker: "", ringer: "loud" });
  expect(missing({ microphone: "", speaker: "", ringer: "" }, found)).toEqual([]);
});

test("nothing is missing while the browser names none", () => {
  expect(missing({ microphone: "headset", speaker: "", ringer: "" }, [{ kind: "audioinput", deviceId: "" }])).toEqual([]);
});
