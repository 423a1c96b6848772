// What an administrator lets agents fill in and choose from, as people read it.

import type { FieldShape, LabelShape, Values } from "../api/types";

/** What stands in the place of a confidential value that is filled in. */
export const DOTS = "••••••";

/** Whose a confidential value is; `at`: null, and `by` empty: nobody knows. */
export interface Given {
  at: string | null;
  by: string;
}

/** Values as they are compared: a hidden one by whose it is, since they all look alike. It is nothing to be sent. */
export function compared(one: { fields: Values; given?: Record<string, Given> }): Values {
  const marked = Object.entries(one.given ?? {}).filter(([key]) => one.fields[key] === DOTS).map(([key, { at, by }]) => [key, `${DOTS}${at ?? ""} ${by}`]);
  return { ...one.fields, ...Object.fromEntries(marked) };
}

export function isHidden(value: unknown): value is string {
  return typeof value === "string" && value.startsWith(DOTS);
}

/** Whose a hidden value is that came through `compared`; undefined: nobody knows. */
export function givenBy(value: unknown): { at: Date; by: string } | undefined {
  const [at = "", ...by] = isHidden(value) ? value.slice(DOTS.length).split(" ") : [];
  return at ? { at: new Date(at), by: by.join(" ") } : undefined;
}

export type Filled = Record<string, Values[string] | null>;

export const TONES: Record<LabelShape["colour"], string> = { grey: "", green: "good", amber: "warn", red: "bad", blue: "info" };

/** A name in the reader's language, or in the other one where it has none. */
export function inWords(names: Record<string, string>, language: string): string {
  return names[language] ?? Object.values(names)[0] ?? "";
}

function inOrder<T extends { position: number; id: number; retired: boolean }>(all: readonly T[]): T[] {
  return all.filter((one) => !one.retired).sort((a, b) => a.position - b.position || a.id - b.id);
}

export function inUse(fields: readonly FieldShape[], subject?: FieldShape["subject"]): FieldShape[] {
  return inOrder(fields.filter((one) => !subject || one.subject === subject));
}

/** The dispositions that a queue offers; none: any word may be written. */
export function offeredIn(labels: readonly LabelShape[], queue: number | null): LabelShape[] {
  return inOrder(labels.filter((one) => one.kind === "disposition" && (!one.queues.length || (queue !== null && one.queues.includes(queue)))));
}

/** Why an agent can be away. */
export function awayReasons(labels: readonly LabelShape[]): LabelShape[] {
  return inOrder(labels.filter((one) => one.kind === "away"));
}

/** Filled in once, and asked no more: shown all the same. */
export function stillFilled(fields: readonly FieldShape[], subject: FieldShape["subject"], values: Values): FieldShape[] {
  return fields.filter((one) => one.subject === subject && one.retired && one.key in values);
}
