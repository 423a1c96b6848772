// How good the line is: figures of the browser's own, and what they mean for people who speak.

export interface Heard {
  /** Since the call began. */
  received: number;
  lost: number;
  /** Milliseconds; null: not known yet. */
  jitter: number | null;
  roundTrip: number | null;
}

export interface Quality {
  /** Packets since the look before. */
  came: number;
  /** Of the last seconds, 0 to 1. */
  loss: number;
  jitter: number | null;
  roundTrip: number | null;
  verdict: "good" | "fair" | "poor";
}

// Where people begin to notice, and where they ask again (ITU-T G.114 and G.113's order of size).
const FAIR = { loss: 0.01, jitter: 30, roundTrip: 200 };
const POOR = { loss: 0.05, jitter: 60, roundTrip: 400 };

export function judge(now: Heard, before: Heard | null): Quality {
  const received = now.received - (before?.received ?? 0);
  const lost = Math.max(0, now.lost - (before?.lost ?? 0));
  const loss = received + lost > 0 ? lost / (received + lost) : 0;
  const over = (most: typeof FAIR): boolean =>
    loss > most.loss || (now.jitter ?? 0) > most.jitter || (now.roundTrip ?? 0) > most.roundTrip;
  return { came: received, loss, jitter: now.jitter, roundTrip: now.roundTrip, verdict: over(POOR) ? "poor" : over(FAIR) ? "fair" : "good" };
}

/** Nothing comes for so long: it is said. Milliseconds; the switch hangs a desk up, of which it hears nothing, as late. */
export const SILENT = 10_000;

/** Since when nothing comes; 0: something does, or nothing is meant to. */
export function silentSince(before: number, now: number, came: number, meant: boolean): number {
  if (!meant || came > 0) return 0;
  return before || now;
}

interface Figures {
  type: string;
  kind?: string;
  packetsReceived?: number;
  packetsLost?: number;
  jitter?: number;
  roundTripTime?: number;
}

/** What of `RTCPeerConnection.getStats()` is about voice. */
export function heard(report: Iterable<Figures>): Heard {
  const found: Heard = { received: 0, lost: 0, jitter: null, roundTrip: null };
  for (const one of report) {
    if (one.kind !== "audio") continue;
    if (one.type === "inbound-rtp") {
      found.received += one.packetsReceived ?? 0;
      found.lost += one.packetsLost ?? 0;
      if (one.jitter !== undefined) found.jitter = one.jitter * 1000;
    }
    if (one.type === "remote-inbound-rtp" && one.roundTripTime !== undefined) found.roundTrip = one.roundTripTime * 1000;
  }
  return found;
}
