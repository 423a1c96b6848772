// What the interface calls a field, as the form calls it that people have before them.

import { i18n } from "../i18n";

/** By the interface's name: the form's own text; the first whose area is open. */
export const LABELS: Record<string, readonly string[]> = {
  active: ["admin.hooks.active"],
  capacity: ["admin.agent.capacity"],
  choices: ["admin.fields.choices"],
  code: ["account.factor.code"],
  colour: ["admin.labels.colour"],
  disabled: ["admin.person.disabled"],
  display_name: ["admin.people.display"],
  disposition: ["agent.wrap.disposition"],
  everybody: ["admin.routing.everybody"],
  expires_at: ["admin.keys.until"],
  file: ["admin.calls.file", "agent.compose.attach"],
  flow: ["admin.calls.through"],
  groups: ["admin.agent.groups"],
  key: ["admin.fields.key"],
  keys: ["admin.calls.keys"],
  kind: ["admin.blocklist.what"],
  kinds: ["admin.hooks.kinds"],
  last_agent: ["admin.routing.last"],
  level: ["admin.agent.level"],
  name: ["admin.people.name", "agent.contact.name"],
  names: ["admin.kept.name"],
  note: ["agent.contact.note"],
  password: ["account.password"],
  queue: ["admin.routing.queue", "supervisor.live.queue"],
  queues: ["admin.agent.queues"],
  reason: ["admin.blocklist.reason"],
  required: ["admin.fields.required_long"],
  role: ["admin.people.role"],
  scopes: ["admin.keys.scopes"],
  shortcut: ["admin.replies.shortcut"],
  skill: ["admin.agent.skill"],
  skills: ["admin.agent.skills"],
  tags: ["agent.tags.title"],
  team: ["admin.person.team"],
  text: ["admin.replies.text", "agent.compose.reply"],
  texts: ["admin.replies.text"],
  until: ["admin.blocklist.until", "agent.snooze.own"],
  url: ["admin.hooks.url"],
  value: ["admin.blocklist.value"],
  waited: ["supervisor.live.since"],
  word: ["admin.labels.word"],
};

let kept: readonly { key: string; names: Record<string, string> }[] = [];

/** The custom fields that people see, to be named by their own names. */
export function knowFields(fields: typeof kept): void {
  kept = fields;
}

/** A custom field by its key. */
export function customField(key: string): string {
  const names = kept.find((one) => one.key === key)?.names ?? {};
  return names[i18n.global.locale.value] ?? Object.values(names)[0] ?? key;
}

/** The input at `where`, such as `body.display_name` or `fields.order`. */
export function label(where: string): string {
  const path = where.split(".");
  // In a list the number says which of them; the name before it says of what.
  const name = path.findLast((part) => !/^\d+$/.test(part)) ?? "";
  if (path.includes("fields") || kept.some((one) => one.key === where)) return customField(name);
  const { te, t } = i18n.global;
  const text = LABELS[name]?.find((key) => te(key));
  return text ? t(text) : name.replaceAll("_", " ");
}
