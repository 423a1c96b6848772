// A missed target in words.

import { useI18n } from "vue-i18n";

import { clockTime, shown } from "../ui/format";
import type { Alert } from "./alerts";

/** `now`: the server's time, in milliseconds. */
export function useAlertWords(now: () => number): (one: Alert) => string {
  const { t, locale } = useI18n();
  return ({ kind, board }) =>
    t(`supervisor.alert.${kind}`, {
      queue: board.name, level: shown(board.now.service_level, "share", locale.value), share: shown(board.share, "share", locale.value),
      within: board.within ?? 0, wait: board.waits_since ? clockTime((now() - Date.parse(board.waits_since)) / 1000) : "", waiting: board.waiting,
    });
}
