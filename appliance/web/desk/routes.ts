// What is where. One folder for each area; a page is loaded when somebody goes there.
//
// An area is a folder beside this file with `texts/en.json` and `texts/zh-CN.json`; its texts are
// below its own name (`t("running.title")`) and are loaded with its first page. To add a page: a
// component in the area's folder, and a line here. Paths that begin anew must be known to
// appliance/api/desk_page.py, too.

import type { RouteRecordRaw } from "vue-router";

import { settings } from "./settings";
import type { IconName } from "./ui/icons";

declare module "vue-router" {
  interface RouteMeta {
    /** The folder: its texts are loaded before the page is shown. */
    area: string;
    /** The key of its name in the navigation; without one it is not there. */
    nav?: string;
    /** The entry of the navigation that is marked while a page without its own is open. */
    under?: string;
    icon?: IconName;
    /** Who may see it: a permission's name of appliance/domain/roles.py. */
    needs?: string;
    /** Alone on the screen, without what stands around every page. */
    bare?: boolean;
    /** The page fills the window and scrolls inside. */
    fills?: boolean;
  }
}

const agent = { area: "agent", needs: "conversations.take", fills: true } as const;

export const ROUTES: RouteRecordRaw[] = [
  {
    path: "/",
    name: "conversations",
    component: () => import("./agent/AgentPage.vue"),
    meta: { ...agent, nav: "nav.conversations", icon: "chat" },
  },
  {
    path: "/conversations/:conversation(\\d+)",
    name: "conversation",
    component: () => import("./agent/AgentPage.vue"),
    meta: { ...agent, under: "nav.conversations" },
  },
  {
    path: "/supervisor",
    component: () => import("./supervisor/SupervisorArea.vue"),
    redirect: "/supervisor/wall",
    meta: { area: "supervisor", nav: "nav.supervisor", icon: "floor", needs: "floor.see" },
    children: [
      { path: "wall", component: () => import("./supervisor/WallPage.vue"), meta: { area: "supervisor" } },
      { path: "conversations", component: () => import("./supervisor/LivePage.vue"), meta: { area: "supervisor" } },
      { path: "agents", component: () => import("./supervisor/AgentsPage.vue"), meta: { area: "supervisor" } },
    ],
  },
  {
    path: "/supervisor/wall/full",
    component: () => import("./supervisor/WallPage.vue"),
    meta: { area: "supervisor", needs: "floor.see", bare: true },
  },
  {
    path: "/reports",
    component: () => import("./reports/ReportsArea.vue"),
    redirect: "/reports/figures",
    meta: { area: "reports", nav: "nav.reports", icon: "chart", needs: "reports.see" },
    children: [
      { path: "figures", component: () => import("./reports/ReportPage.vue"), meta: { area: "reports" } },
      { path: "staffing", component: () => import("./reports/StaffingPage.vue"), meta: { area: "reports" } },
    ],
  },
  {
    path: "/admin",
    component: () => import("./admin/AdminArea.vue"),
    redirect: () => (settings().permissions.includes("floor.manage") ? "/admin/people" : "/admin/replies"),
    meta: { area: "admin", nav: "nav.admin", icon: "gear", needs: "replies.manage" },
    children: [
      { path: "start", component: () => import("./admin/StartPage.vue"), meta: { area: "admin", needs: "floor.manage" } },
      { path: "people", component: () => import("./admin/PeoplePage.vue"), meta: { area: "admin", needs: "users.manage" } },
      { path: "teams", component: () => import("./admin/TeamsPage.vue"), meta: { area: "admin", needs: "users.manage" } },
      { path: "keys", component: () => import("./admin/KeysPage.vue"), meta: { area: "admin", needs: "programs.connect" } },
      { path: "hooks", component: () => import("./admin/HooksPage.vue"), meta: { area: "admin", needs: "programs.connect" } },
      { path: "queues", component: () => import("./admin/QueuesPage.vue"), meta: { area: "admin", needs: "floor.manage" } },
      { path: "queues/:queue", component: () => import("./admin/QueuePage.vue"), meta: { area: "admin", needs: "floor.manage" } },
      { path: "calls", component: () => import("./admin/CallsPage.vue"), meta: { area: "admin", needs: "floor.manage" } },
      { path: "calls/:flow(\\d+)", component: () => import("./admin/FlowPage.vue"), meta: { area: "admin", needs: "floor.manage" } },
      { path: "routing", component: () => import("./admin/RoutingPage.vue"), meta: { area: "admin", needs: "floor.manage" } },
      { path: "replies", component: () => import("./admin/RepliesPage.vue"), meta: { area: "admin", needs: "replies.manage" } },
      { path: "labels", component: () => import("./admin/LabelsPage.vue"), props: { kinds: ["disposition", "tag"] }, meta: { area: "admin", needs: "floor.manage" } },
      { path: "away", component: () => import("./admin/LabelsPage.vue"), props: { kinds: ["away"] }, meta: { area: "admin", needs: "floor.manage" } },
      { path: "fields", component: () => import("./admin/FieldsPage.vue"), meta: { area: "admin", needs: "floor.manage" } },
      { path: "blocklist", component: () => import("./admin/BlocklistPage.vue"), meta: { area: "admin", needs: "contacts.block" } },
      { path: "site", component: () => import("./admin/SitePage.vue"), meta: { area: "admin", needs: "floor.manage" } },
      { path: "widget", component: () => import("./admin/WidgetPage.vue"), meta: { area: "admin", needs: "floor.manage" } },
      { path: "record", component: () => import("./admin/RecordPage.vue"), meta: { area: "admin", needs: "audit.read" } },
    ],
  },
  {
    path: "/account",
    name: "account",
    component: () => import("./account/AccountPage.vue"),
    meta: { area: "account" },
  },
  {
    path: "/running",
    name: "running",
    component: () => import("./running/RunningPage.vue"),
    meta: { area: "running", nav: "nav.running", icon: "pulse", needs: "status.see" },
  },
  {
    path: "/:rest(.*)*",
    name: "nowhere",
    component: () => import("./layout/NowherePage.vue"),
    meta: { area: "" },
  },
];
