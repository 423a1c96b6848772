// An offer is heard and seen, whatever window is in front.

import { watch } from "vue";

import { t } from "../i18n";
import { useBoard } from "./board";

const AGAIN = 2500; // milliseconds between two rings
let audio: AudioContext | null = null;

/** Two soft tones; made here, so that no file is loaded. Silent until the page was clicked once. */
function ring(): void {
  audio ??= new AudioContext();
  if (audio.state === "suspended") void audio.resume();
  const at = audio.currentTime;
  for (const [index, pitch] of [660, 880].entries()) {
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0, at + index * 0.18);
    loud.gain.linearRampToValueAtTime(0.16, at + index * 0.18 + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.001, at + index * 0.18 + 0.35);
    tone.connect(loud).connect(audio.destination);
    tone.start(at + index * 0.18);
    tone.stop(at + index * 0.18 + 0.4);
  }
}

/** To be called on a click: browsers ask people then, and only then. */
export function askToNotify(): void {
  if ("Notification" in window && Notification.permission === "default") void Notification.requestPermission();
}

export function ringFor(take: (conversation: number) => void): void {
  const board = useBoard();
  let timer = 0;
  let shown: Notification | null = null;
  watch(
    () => board.ringing[0]?.id ?? 0,
    (conversation) => {
      clearInterval(timer);
      shown?.close();
      shown = null;
      if (!conversation) return;
      const card = board.cards.get(conversation);
      ring();
      timer = window.setInterval(ring, AGAIN);
      if (!("Notification" in window) || Notification.permission !== "granted") return;
      shown = new Notification(t("agent.offer.notification", { name: card?.contact_name || t("agent.nameless") }), {
        body: card?.subject ?? "",
        tag: `callstead-${conversation}`,
        requireInteraction: true,
      });
      shown.onclick = () => {
        window.focus();
        take(conversation);
      };
    },
    { immediate: true },
  );
}
