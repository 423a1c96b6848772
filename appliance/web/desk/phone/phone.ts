// The phone of this desk: whether it is on, what it does, and how good the line is.

import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";

import { useBoard } from "../agent/board";
import { isCall } from "../agent/channels";
import { get, post, Refused } from "../api/client";
import { soundOn } from "../stores/sounds";
import { keep, kept, missing, usable, type Device, type Devices } from "./devices";
import { SILENT, silentSince, type Quality } from "./quality";
import type { Line, Softphone, Told } from "./softphone";

export type PhoneState = "off" | "starting" | "away" | "ready" | "refused" | "elsewhere";
export type PhoneTrouble = "" | "microphone" | "failed" | "unreached";

const ON = "callstead.phone.on";
const AGAIN = 3000; // milliseconds until a session that was refused is begun anew
const ELSEWHERE = 4409;

export const usePhone = defineStore("phone", () => {
  const board = useBoard();
  const installed = ref(false);
  const extension = ref("");
  /** Whether I can call numbers outside. */
  const outbound = ref(false);
  const state = ref<PhoneState>("off");
  const line = ref<Line>("none");
  const testing = ref(false);
  /** What comes was asked for by ourselves, and is picked up at once. */
  const byItself = ref(false);
  const muted = ref(false);
  const trouble = ref<PhoneTrouble>("");
  const quality = ref<Quality | null>(null);
  /** Nothing comes from the others, although it should. */
  const silent = ref(false);
  let nothingSince = 0;
  /** For which queue I call numbers, whose number is shown; null: the first one that I serve. */
  const queue = ref<number | null>(null);
  const mine = shallowRef<MediaStream | null>(null);
  const theirs = shallowRef<MediaStream | null>(null);
  const devices = ref(kept());
  /** What the browser has, and what was chosen of it and is not there. */
  const found = shallowRef<MediaDeviceInfo[]>([]);
  const gone = ref<Device[]>([]);
  let phone: Softphone | null = null;
  let again = 0;

  /** The call that I have taken; the phone follows it. */
  const call = computed(() => board.mine.find((one) => isCall(one.channel) && one.agent === board.me?.id && (one.state === "active" || one.state === "held")));

  async function begin(): Promise<void> {
    const told = await get("/api/v1/desk/phone");
    installed.value = told.installed;
    extension.value = told.extension;
    outbound.value = told.outbound;
    navigator.mediaDevices?.addEventListener("devicechange", () => void look());
    await look();
    if (told.installed && localStorage.getItem(ON) === "yes") await turnOn();
  }

  async function turnOn(): Promise<void> {
    if (phone || state.value === "starting") return;
    state.value = "starting";
    trouble.value = "";
    try {
      // The browser asks now, not when somebody is on the line.
      const asked = await navigator.mediaDevices.getUserMedia({ audio: true });
      asked.getTracks().forEach((one) => one.stop());
    } catch {
      state.value = "off";
      trouble.value = "microphone";
      return;
    }
    try {
      const [access, { Softphone }] = await Promise.all([post("/api/v1/desk/phone/sessions"), import("./softphone")]);
      await look(); // browsers tell which there are from now on
      phone = new Softphone(access, usable(devices.value, gone.value), told);
      phone.start();
      localStorage.setItem(ON, "yes");
    } catch (error) {
      state.value = "off";
      trouble.value = "unreached";
      if (!(error instanceof Refused)) retry();
    }
  }

  function turnOff(): void {
    localStorage.removeItem(ON);
    letGo("off");
  }

  function letGo(next: PhoneState): void {
    clearTimeout(again);
    phone?.stop();
    phone = null;
    state.value = next;
  }

  function retry(): void {
    clearTimeout(again);
    again = window.setTimeout(() => {
      letGo("off");
      void turnOn();
    }, AGAIN);
  }

  const told: Told = {
    ready(now) {
      state.value = now;
      if (now === "refused") retry(); // the switch was started anew: it does not know us any more
    },
    closed(code) {
      letGo(code === ELSEWHERE ? "elsewhere" : "off");
    },
    line(now, atOnce) {
      byItself.value = atOnce;
      line.value = now;
      if (now === "rings" && call.value) phone?.answer();
      if (now === "none") {
        testing.value = muted.value = silent.value = false;
        nothingSince = 0;
        quality.value = null;
      } else trouble.value = "";
    },
    streams(my, their) {
      mine.value = my;
      theirs.value = their;
    },
    quality(now) {
      quality.value = now;
      // Whoever holds the call is alone: nothing is sent to them.
      nothingSince = silentSince(nothingSince, Date.now(), now.came, call.value?.state !== "held");
      silent.value = nothingSince > 0 && Date.now() - nothingSince >= SILENT;
    },
    trouble: (why) => (trouble.value = why),
  };

  // What was taken on the desk is picked up here; what is over in the core is over here.
  watch(call, (now, before) => {
    if (now && line.value === "rings") phone?.answer();
    if (!now && before && !testing.value) phone?.hangUp();
  });

  function echo(): void {
    if (line.value !== "none") return;
    testing.value = true;
    phone?.echo();
  }

  /** Call a number outside: my phone rings first. Raises Refused. */
  async function callOut(number: string, about: { conversation?: number; contact?: number; queue?: number } = {}): Promise<number> {
    const begun = await post("/api/v1/desk/phone/calls", { body: { number, ...about } });
    return begun.id;
  }

  function mute(on: boolean): void {
    muted.value = on;
    phone?.mute(on);
  }

  /** Which devices there are: those that were chosen are used, or the computer's choice while they are not there. */
  async function look(): Promise<void> {
    found.value = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    gone.value = missing(devices.value, found.value);
    const now = usable(devices.value, gone.value);
    soundOn(now.ringer);
    try {
      await phone?.use(now);
    } catch {
      trouble.value = "microphone";
    }
  }

  async function use(chosen: Partial<Devices>): Promise<void> {
    devices.value = { ...devices.value, ...chosen };
    keep(devices.value);
    await look();
  }

  return {
    installed, extension, outbound, state, line, testing, byItself, muted, trouble, quality, silent, queue, mine, theirs, devices, found, gone, call,
    begin, turnOn, turnOff, echo, callOut, mute, look, use,
    press: (key: string) => phone?.press(key),
    answer: () => phone?.answer(),
    hangUp: () => phone?.hangUp(),
  };
});
