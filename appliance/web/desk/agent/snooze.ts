// When a conversation that is set aside comes back: what is offered, and what was typed.

export interface Later {
  key: "minutes" | "hours" | "tomorrow" | "monday";
  n: number;
  at: Date;
}

function morning(from: Date, days: number): Date {
  const at = new Date(from);
  at.setDate(at.getDate() + days);
  at.setHours(9, 0, 0, 0);
  return at;
}

/** Times by the clock of whoever looks: soon, tomorrow at nine, next Monday at nine. */
export function laters(now: Date): Later[] {
  const toMonday = ((8 - now.getDay()) % 7) || 7;
  return [
    { key: "minutes", n: 20, at: new Date(now.getTime() + 20 * 60_000) },
    { key: "hours", n: 2, at: new Date(now.getTime() + 2 * 3_600_000) },
    { key: "tomorrow", n: 1, at: morning(now, 1) },
    ...(toMonday > 1 ? [{ key: "monday" as const, n: 1, at: morning(now, toMonday) }] : []),
  ];
}

/** For a field of the kind datetime-local: local time, to the minute. */
export function fieldTime(at: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
