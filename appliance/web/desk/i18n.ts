// Texts: shared ones below `texts/`, an area's below its folder, each loaded when it is needed.

import { nextTick } from "vue";
import { createI18n } from "vue-i18n";

import en from "./texts/en.json";
import zh from "./texts/zh-CN.json";

export type Language = "zh-CN" | "en";
export const LANGUAGES: Record<Language, string> = { "zh-CN": "中文", en: "English" };

interface Tree {
  [name: string]: string | Tree;
}
const files = import.meta.glob<{ default: Tree }>("./*/texts/*.json");
const loaded = new Set<string>();

export const i18n = createI18n({
  legacy: false,
  locale: "en" as Language,
  fallbackLocale: "en",
  messages: { en, "zh-CN": zh } as Record<Language, Tree>,
  missingWarn: false,
  fallbackWarn: false,
});

export function language(): Language {
  return i18n.global.locale.value;
}

/** Load what an area says; at once when it is there already. */
export async function loadTexts(area: string, wanted: Language = language()): Promise<void> {
  const file = `./${area}/texts/${wanted}.json`;
  const load = files[file];
  if (!load || loaded.has(file)) return;
  i18n.global.mergeLocaleMessage(wanted, { [area]: (await load()).default });
  loaded.add(file);
}

/** Speak another language from now on; what is on the screen is loaded first. */
export async function speak(wanted: Language): Promise<void> {
  const areas = new Set([...loaded].map((file) => file.split("/")[1] ?? ""));
  await Promise.all([...areas].map((area) => loadTexts(area, wanted)));
  i18n.global.locale.value = wanted;
  document.documentElement.lang = wanted;
  await nextTick();
}

export const t = i18n.global.t;
