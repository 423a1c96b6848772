// A refusal of the server in the reader's language, by its kind; its own English sentence as the last resort.

import { i18n, loadTexts } from "../i18n";
import { customField, label } from "./labels";

export interface Told {
  kind: string;
  detail: string;
  parameters: Record<string, unknown>;
  errors: { where: string; what: string; kind: string; parameters: Record<string, unknown> }[];
}

/** Texts are read with the first refusal, and with it alone. */
export async function sentence(told: Told): Promise<string> {
  await loadTexts("refusals").catch(() => undefined); // then the server's own sentence is said
  return inWords(told);
}

export function inWords(told: Told): string {
  if (!i18n.global.te(`refusals.kind.${told.kind}`)) return told.detail;
  const fields = told.errors.map(field).join("; ");
  if (told.kind === "invalid" && !fields) return told.detail;
  return i18n.global.t(`refusals.kind.${told.kind}`, { ...words(told.kind, told.parameters), fields });
}

function field(one: Told["errors"][number]): string {
  const where = label(one.where);
  const { te, t } = i18n.global;
  if (te(`refusals.kind.${one.kind}`)) return t(`refusals.kind.${one.kind}`, words(one.kind, one.parameters));
  const known = te(`refusals.field.${one.kind}`) ? one.kind : "other";
  return t(`refusals.field.${known}`, { ...words(one.kind, one.parameters), where, what: one.what });
}

/** Lists are told with commas, custom fields by their names. */
function words(kind: string, parameters: Record<string, unknown>): Record<string, string> {
  const said = Object.entries(parameters).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : String(value)]);
  const all = Object.fromEntries(said) as Record<string, string>;
  return kind.startsWith("field-") && all.field ? { ...all, field: customField(all.field) } : all;
}
