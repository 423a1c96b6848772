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
  return { loss, jitter: now.jitter, roundTrip: now.roundTrip, verdict: over(POOR) ? "poor" : over(FAIR) ? "fair" : "good" };
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
