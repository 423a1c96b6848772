// Dates as people read them; a format is made once, since making one costs more than a hundred uses.

const FORMS = {
  time: { hour: "2-digit", minute: "2-digit", hour12: false },
  day: { dateStyle: "full" },
  date: { dateStyle: "medium" },
  short: { month: "short", day: "numeric" },
} satisfies Record<string, Intl.DateTimeFormatOptions>;
const made = new Map<string, Intl.DateTimeFormat>();

export function dated(at: Date, form: keyof typeof FORMS, locale: string): string {
  const name = `${form} ${locale}`;
  let format = made.get(name);
  if (!format) made.set(name, (format = new Intl.DateTimeFormat(locale, FORMS[form])));
  return format.format(at);
}
