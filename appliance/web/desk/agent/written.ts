// A contact has written: heard and told where nobody looks at the conversation just now.

import type { Card, Message } from "../api/types";
import { t } from "../i18n";
import { play } from "../stores/sounds";

const QUIET = 3000; // milliseconds between two words of the same contact
const told = new Map<number, number>();

/** `go` opens the conversation. */
export function written(card: Card, message: Message, go: () => void, now = Date.now()): void {
  const looks = document.hasFocus();
  if (looks && location.pathname === `/conversations/${card.id}`) return;
  if (now - (told.get(card.id) ?? -QUIET) < QUIET) return;
  told.set(card.id, now);
  play("messages");
  if (looks || !("Notification" in window) || Notification.permission !== "granted") return;
  const shown = new Notification(card.contact_name || t("agent.nameless"), { body: message.text.slice(0, 120), tag: `callstead-word-${card.id}` });
  shown.onclick = () => {
    window.focus();
    shown.close();
    go();
  };
}
