// A part of a page that is loaded when it is first shown, and what it says before it is seen.

import { defineAsyncComponent, type Component } from "vue";

import { loadTexts } from "../i18n";

/** `area` is the folder that has its texts. */
export function lazily<T extends Component>(area: string, load: () => Promise<T | { default: T }>): T {
  return defineAsyncComponent<T>(async () => {
    await loadTexts(area);
    return load();
  });
}
