import { ref } from "vue";

export type Theme = "auto" | "light" | "dark";
export const THEMES: Theme[] = ["auto", "light", "dark"];
const KEPT = "callstead.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

function kept(): Theme {
  const found = localStorage.getItem(KEPT) as Theme | null;
  return found && THEMES.includes(found) ? found : "auto";
}

export const theme = ref<Theme>(kept());

/** Tell the page; `dark` is the class that Element Plus looks for. */
export function showTheme(): void {
  const root = document.documentElement;
  root.classList.toggle("dark", theme.value === "dark" || (theme.value === "auto" && dark.matches));
}

export function choose(wanted: Theme): void {
  theme.value = wanted;
  localStorage.setItem(KEPT, wanted);
  showTheme();
}

dark.addEventListener("change", showTheme);
