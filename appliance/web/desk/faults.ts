// Faults of the desk itself go where the appliance's own go; what sends them is loaded with the first one.

import type { App } from "vue";

import { Refused, Unreached } from "./api/client";

const MOST = 20; // of one page: more of them say nothing new
let told = 0;

export function watchFaults(app: App): void {
  app.config.errorHandler = tell;
  addEventListener("error", (event) => tell(event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => {
    if (event.reason instanceof Unreached || event.reason instanceof Refused) event.preventDefault();
    else tell(event.reason);
  });
}

function tell(error: unknown): void {
  if (error instanceof Unreached || error instanceof Refused) return; // said to the person, and no fault
  console.error(error);
  told += 1;
  if (told > MOST) return;
  void import("./report").then((report) => report.report(error)).catch(() => undefined);
}
