// Days as people choose them, in the browser's own time zone.

export type Preset = "today" | "yesterday" | "week" | "weeks" | "month" | "chosen";
export const PRESETS: Preset[] = ["today", "yesterday", "week", "weeks", "month", "chosen"];

export function dayOf(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The first and the last day; null for days that are typed. */
export function daysOf(preset: Preset, today: Date = new Date()): [string, string] | null {
  const back = (days: number): string => dayOf(new Date(today.getFullYear(), today.getMonth(), today.getDate() - days));
  switch (preset) {
    case "today":
      return [back(0), back(0)];
    case "yesterday":
      return [back(1), back(1)];
    case "week":
      return [back(6), back(0)];
    case "weeks":
      return [back(27), back(0)];
    case "month":
      return [dayOf(new Date(today.getFullYear(), today.getMonth(), 1)), back(0)];
    case "chosen":
      return null;
  }
}

export type Interval = "quarter" | "hour" | "day" | "month" | "total";
export const INTERVALS: Interval[] = ["quarter", "hour", "day", "month", "total"];

/** What suits so many days: a chart of some twenty to a hundred points. */
export function suitable(first: string, last: string): Interval {
  const days = (Date.parse(last) - Date.parse(first)) / 86_400_000 + 1;
  return days <= 3 ? "hour" : days <= 120 ? "day" : "month";
}

/** When a row begins, as text: the server tells it in the report's zone, so its own words are taken. */
export function beginOf(start: string, interval: Interval): string {
  const [day = "", time = ""] = start.split("T");
  return interval === "hour" || interval === "quarter" ? `${day} ${time.slice(0, 5)}` : interval === "month" ? day.slice(0, 7) : day;
}

/** Begins as text, by what the server calls them: where two are alike, as when the clocks go back, with the distance from UTC. */
export function beginsOf(starts: Iterable<string>, interval: Interval): Map<string, string> {
  const found = new Map([...new Set(starts)].map((one) => [one, beginOf(one, interval)]));
  const texts = [...found.values()];
  for (const [start, text] of found) if (texts.indexOf(text) !== texts.lastIndexOf(text)) found.set(start, `${text} ${start.slice(19)}`);
  return found;
}
