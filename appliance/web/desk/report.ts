// Sends a fault to the appliance, which keeps it on its disk until the communications server has it.

import { BrowserClient, defaultStackParser, makeFetchTransport, Scope } from "@sentry/browser";

import { token } from "./api/client";
import { settings } from "./settings";

const client = new BrowserClient({
  // Never asked: everything goes through the tunnel, and the appliance knows where to.
  dsn: "https://desk@callstead.invalid/1",
  tunnel: "/api/v1/faults",
  release: `appliance@${settings().release.split(" ")[0] ?? ""}`,
  environment: "desk",
  sendClientReports: false,
  integrations: [],
  stackParser: defaultStackParser,
  transport: (options) => makeFetchTransport({ ...options, headers: { "X-CSRF-Token": token() } }),
});
const scope = new Scope();
scope.setClient(client);
client.init();

export function report(error: unknown): void {
  // Where in the desk; never what people wrote.
  scope.setTag("page", location.pathname.replace(/\d+/g, "N"));
  scope.setTag("role", settings().user.role);
  scope.captureException(error);
}
