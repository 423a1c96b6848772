// An offer is heard and seen, whatever window is in front.

import { watch } from "vue";

import { t } from "../i18n";
import { play } from "../stores/sounds";
import { useBoard } from "./board";
import { topic } from "./words";

const AGAIN = 2500; // milliseconds between two rings
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
      play("offers");
      timer = window.setInterval(() => play("offers"), AGAIN);
      if (!("Notification" in window) || Notification.permission !== "granted") return;
      shown = new Notification(t("agent.offer.notification", { name: card?.contact_name || t("agent.nameless") }), {
        body: [board.queues.find((one) => one.id === card?.queue)?.name, card?.last?.text || topic(card?.subject ?? "")].filter(Boolean).join(" · "),
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
