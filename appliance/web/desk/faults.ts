// Faults of the desk itself go where the appliance's own go; loaded when the first one happens.

import type { App } from "vue";

export function watchFaults(app: App): void {
  app.config.errorHandler = (error) => told(error);
  addEventListener("error", (event) => told(event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => told(event.reason));
}

function told(error: unknown): void {
  console.error(error);
}
