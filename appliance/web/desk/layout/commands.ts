// What an area adds to the command palette: a function that says what can be done just now.

import { onMounted, onUnmounted, shallowReactive } from "vue";

import type { IconName } from "../ui/icons";

export interface Command {
  key: string;
  name: string;
  hint: string;
  icon: IconName;
  run(): unknown;
}

export type Commands = (t: (key: string, values?: Record<string, unknown>) => string) => Command[];

export const commands = shallowReactive(new Set<Commands>());

export function useCommands(mine: Commands): void {
  onMounted(() => commands.add(mine));
  onUnmounted(() => commands.delete(mine));
}
