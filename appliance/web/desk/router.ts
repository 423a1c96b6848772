import { createRouter, createWebHistory } from "vue-router";

import { loadTexts, t } from "./i18n";
import { ROUTES } from "./routes";
import { settings } from "./settings";

export function may(permission: string | undefined): boolean {
  return !permission || settings().permissions.includes(permission);
}

export const router = createRouter({ history: createWebHistory("/"), routes: ROUTES });

router.beforeEach(async (to, from) => {
  if (to.path === "/" && !from.name && settings().first_steps) return "/admin/start";
  if (!may(to.meta.needs)) return { name: "nowhere", params: { rest: to.path.split("/").slice(1) } };
  await loadTexts(to.meta.area);
  return true;
});

router.afterEach((to) => {
  document.title = to.meta.nav ? `${t(to.meta.nav)} · Callstead` : "Callstead";
});
