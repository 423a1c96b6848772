// A program on Node with the real SDK: the same fault twice, in other words.
const Sentry = require("@sentry/node");

Sentry.init({ dsn: process.argv[2], release: "dialer@3.1", serverName: "pbx-2" });

class TrunkError extends Error {
  name = "TrunkError";
}

function dial(number) {
  throw new TrunkError(`no line for ${number}`);
}

for (const number of ["4711", "4712"]) {
  try {
    dial(number);
  } catch (error) {
    Sentry.captureException(error);
  }
}
Sentry.flush(60000).then((sent) => process.exit(sent ? 0 : 1));
