// What may be heard, as each person wants it in this browser; and the tones themselves.

import { reactive } from "vue";

import { settings } from "../settings";

export const SOUNDS = ["offers", "messages", "alerts"] as const;
export type Sound = (typeof SOUNDS)[number];

const TONES: Record<Sound, number[]> = { offers: [660, 880], messages: [740], alerts: [520, 390, 520] }; // Hz, one after the other
const APART = 0.18; // seconds

function place(): string {
  return `callstead.silent.${settings().user.id}`;
}

function kept(): Record<Sound, boolean> {
  const silent = (localStorage.getItem(place()) ?? "").split(" ");
  return Object.fromEntries(SOUNDS.map((one) => [one, !silent.includes(one)])) as Record<Sound, boolean>;
}

export const sounds = reactive(kept());

export function toggle(sound: Sound): void {
  sounds[sound] = !sounds[sound];
  localStorage.setItem(place(), SOUNDS.filter((one) => !sounds[one]).join(" "));
  if (sounds[sound]) play(sound);
}

let audio: AudioContext | null = null;
let device = ""; // where they are heard; empty: where the computer chooses

type Rings = AudioContext & { setSinkId?(id: string): Promise<void> }; // Chromium's alone

/** They are heard on this device of the browser's from now on. */
export function soundOn(id: string): void {
  device = id;
  void (audio as Rings | null)?.setSinkId?.(id).catch(() => undefined);
}

/** Soft tones; made here, so that no file is loaded. Silent until the page was clicked once. */
export function play(sound: Sound): void {
  if (!sounds[sound]) return;
  if (!audio) {
    audio = new AudioContext();
    if (device) soundOn(device);
  }
  if (audio.state === "suspended") void audio.resume();
  for (const [index, pitch] of TONES[sound].entries()) {
    const at = audio.currentTime + index * APART;
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0, at);
    loud.gain.linearRampToValueAtTime(0.16, at + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.001, at + 0.35);
    tone.connect(loud).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.4);
  }
}
