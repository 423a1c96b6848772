// What every figure is called and means, in the reader's language; asked for once.

import { ref, watch, type Ref } from "vue";

import { get } from "../api/client";
import { i18n } from "../i18n";

export interface Figure {
  name: string;
  unit: string;
  title: string;
  means: string;
}

const known = ref<Record<string, Figure>>({});
let of = "";

async function load(locale: string): Promise<void> {
  if (of === locale) return;
  of = locale;
  const told = await get("/api/v1/reports/figures", { query: { lang: locale } as never });
  known.value = Object.fromEntries(told.items.map((one) => [one.name, one]));
}

export function useFigures(): Ref<Record<string, Figure>> {
  const { locale } = i18n.global;
  watch(locale, (wanted) => void load(wanted).catch(() => (of = "")), { immediate: true });
  return known;
}
