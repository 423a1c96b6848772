// A queue's form, as the server shows it and takes it: see appliance/store/queue_form.py.

export interface Step {
  after: number;
  groups: string[];
  skills: Record<string, number>;
}
export interface Rule {
  name: string;
  tags: string[];
  priority: number;
  steps: Step[];
}
export interface QueueForm {
  priority: number;
  ageing: number;
  ring: number;
  sticky: number;
  reserve_after: number;
  most_waiting: number;
  closed_to: number | null;
  hours: { zone: string; week: Record<string, string[]>; days: Record<string, string[]> };
  rules: Rule[];
  target: { share: number; within: number; short: number };
  wrap_up: { kind: "optional" | "mandatory" | "timed"; seconds: number };
  overflow: { after: number; to: number } | null;
  weights: Record<string, number>;
  phone: { language: "zh-CN" | "en"; announce: number; wait: boolean; record: boolean; keep_days: number; banner: boolean; beep: "none" | "agent" | "all"; beep_every: number; callback: string; number: string };
}

/** What a conversation takes of an agent, where the queue does not say otherwise. */
export const USUAL = { chat: 25, phone: 100 };
export type Weighed = keyof typeof USUAL;

export function weightOf(form: Pick<QueueForm, "weights"> | undefined, channel: Weighed): number {
  return form?.weights[channel] ?? USUAL[channel];
}

export const WEEK = ["0", "1", "2", "3", "4", "5", "6"]; // Monday first
const ALL_DAY = "00:00-00:00";

export function newForm(zone: string): QueueForm {
  return {
    priority: 0, ageing: 1, ring: 20, sticky: 0, reserve_after: 10, most_waiting: 0, closed_to: null,
    hours: { zone, week: Object.fromEntries(WEEK.map((day) => [day, day < "5" ? ["09:00-18:00"] : []])), days: {} },
    rules: [], target: { share: 0.8, within: 20, short: 5 }, wrap_up: { kind: "optional", seconds: 0 }, overflow: null, weights: {},
    phone: { language: "zh-CN", announce: 45, wait: true, record: false, keep_days: 0, banner: true, beep: "agent", beep_every: 0, callback: "", number: "" },
  };
}

export function isAlways(form: QueueForm): boolean {
  return WEEK.every((day) => form.hours.week[day]?.length === 1 && form.hours.week[day][0] === ALL_DAY);
}

/** These hours, and open for the whole of today, by the queue's own time zone. */
export function openToday(hours: QueueForm["hours"], now: Date): QueueForm["hours"] {
  const today = new Intl.DateTimeFormat("sv-SE", { timeZone: hours.zone }).format(now); // 2026-03-31
  return { ...hours, days: { ...hours.days, [today]: [ALL_DAY] } };
}

export function always(): Record<string, string[]> {
  return Object.fromEntries(WEEK.map((day) => [day, [ALL_DAY]]));
}

/** Hours as one line, neighbours of the same hours together: `Mon–Fri 09:00-18:00`. */
export function hoursLine(week: Record<string, string[]>, names: string[], closed: string): string {
  const parts: string[] = [];
  for (let day = 0; day < 7; ) {
    const spans = (week[String(day)] ?? []).join(", ");
    let last = day;
    while (last < 6 && (week[String(last + 1)] ?? []).join(", ") === spans) last += 1;
    const days = last > day ? `${names[day]}–${names[last]}` : names[day];
    if (spans) parts.push(`${days} ${spans}`);
    day = last + 1;
  }
  return parts.join("; ") || closed;
}

/** What is wrong with spans as they are typed; null: nothing. */
export function wrongSpan(span: string): boolean {
  const found = /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/.test(span);
  const [start, end] = span.split("-");
  return !found || (start === end && start !== "00:00");
}
