// Numbers as people read them. All times in seconds.

import { onUnmounted, ref, type Ref } from "vue";

export const NOTHING = "–";

export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const [hours = 0, minutes = 0, rest = 0] = parts;
  const two = (n: number): string => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function percent(share: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: share < 0.9995 ? 1 : 0 }).format(share);
}

export type Unit = "count" | "seconds" | "share";

export function shown(value: number | null | undefined, unit: string, locale: string): string {
  if (value === null || value === undefined) return NOTHING;
  if (unit === "share") return percent(value, locale);
  if (unit === "seconds") return clockTime(value);
  return new Intl.NumberFormat(locale).format(value);
}

/** The time of the server, ticking; told again with each answer, since clocks differ. */
export function useServerTime(): { now: Ref<number>; told: (at: string) => void; since: (at: string | null) => string } {
  let ahead = 0;
  const now = ref(Date.now());
  const timer = setInterval(() => (now.value = Date.now() + ahead), 1000);
  onUnmounted(() => clearInterval(timer));
  return {
    now,
    told(at) {
      ahead = Date.parse(at) - Date.now();
      now.value = Date.now() + ahead;
    },
    since: (at) => (at ? clockTime((now.value - Date.parse(at)) / 1000) : NOTHING),
  };
}
