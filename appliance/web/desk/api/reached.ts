// What is wanted on the screen is asked until somebody answers: a server that is away, or that was asked too often.

import { pause, sleep } from "../../client/backoff";
import { Unreached } from "./client";

/** The answer; undefined: nobody wants it any more. A refusal is thrown. */
export async function untilReached<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      return await job();
    } catch (error) {
      if (!(error instanceof Unreached)) throw error;
      await sleep(Math.max(1000 * error.wait, pause(failures)), signal);
    }
  }
  return undefined;
}
