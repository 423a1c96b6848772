// The time as the server has it: timers run by its clock, whatever the one of this computer says.

import { ref } from "vue";

import { afterPresses } from "../ui/picture";

let skew = 0; // milliseconds that the server is ahead

export const now = ref(Date.now());

export function heardDate(header: string | null): void {
  const told = header ? Date.parse(header) : NaN;
  if (Number.isNaN(told)) return;
  const found = told + 500 - Date.now(); // the header has whole seconds
  if (Math.abs(found - skew) > 1500) skew = found;
}

export function tick(): void {
  now.value = Date.now() + skew;
}

setInterval(() => afterPresses(tick), 1000);
