// Keys of the pages that are open now: one place that listens, and that tells them to who asks (?).

import { onMounted, onUnmounted, shallowReactive } from "vue";

export interface Shortcut {
  /** "Alt+ArrowDown", "Ctrl+k", "r", "?" */
  keys: string;
  /** The key of what it does. */
  does: string;
  run(): void;
  /** Works while something is typed, too. */
  typing?: boolean;
  /** Other keys for the same, which work while something is typed. */
  also?: string;
}

export const shortcuts = shallowReactive(new Set<Shortcut>());

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function named(event: KeyboardEvent): string {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && event.key.length > 1) parts.push("Shift");
  parts.push(event.key.length === 1 ? event.key.toLowerCase() : event.key);
  return parts.join("+");
}

addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const keys = named(event);
  const typing = isTyping(event.target);
  for (const one of [...shortcuts].reverse()) {
    if (one.also !== keys && (one.keys !== keys || (typing && !one.typing))) continue;
    event.preventDefault();
    one.run();
    return;
  }
});

export function useShortcuts(mine: Shortcut[]): void {
  onMounted(() => mine.forEach((one) => shortcuts.add(one)));
  onUnmounted(() => mine.forEach((one) => shortcuts.delete(one)));
}
