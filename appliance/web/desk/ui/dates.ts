// Dates as people read them; a format is made once, since making one costs more than a hundred uses.

const FORMS = {
  time: { hour: "2-digit", minute: "2-digit", hour12: false },
  day: { dateStyle: "full" },
  date: { dateStyle: "medium" },
  moment: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false },
} satisfies Record<string, Intl.DateTimeFormatOptions>;
const made = new Map<string, Intl.DateTimeFormat>();

export function dated(at: Date, form: keyof typeof FORMS, locale: string): string {
  const name = `${form} ${locale}`;
  let format = made.get(name);
  if (!format) made.set(name, (format = new Intl.DateTimeFormat(locale, FORMS[form])));
  return format.format(at);
}

/** A sentence in which stamps stand, such as `2026-11-21T05:37:35.123Z`, with each of them as `show` writes it. */
export function withTimes(text: string, show: (at: Date) => string): string {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (at) => show(new Date(at)));
}
