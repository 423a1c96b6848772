// Whether the server is reached, and since when it is not.

import { ref } from "vue";

import { Feed, type FeedEvent, type Moment } from "../../client/feed";
import { afterPresses } from "../ui/picture";

export const connected = ref(true);
export const goneSince = ref(0);
const apart = new Set<string>();

/** `topic`: which of the ways to the server this is about. */
export function tell(topic: string, yes: boolean): void {
  if (yes) apart.delete(topic);
  else apart.add(topic);
  const all = apart.size === 0;
  if (all === connected.value) return;
  connected.value = all;
  goneSince.value = all ? 0 : Date.now();
}

/** The browser knows at once when this computer's network is gone. */
export function watchBrowser(): void {
  addEventListener("offline", () => tell("browser", false));
  addEventListener("online", () => tell("browser", true));
}

// Somebody waits for an answer, and a site has hundreds of desks, not thousands.
const LONGEST = 4000; // milliseconds between two tries

export interface Handler {
  event(event: FeedEvent): void;
  /** Told now or never: somebody types. */
  moment?(moment: Moment): void;
  /** What was missed is gone: read the state afresh. */
  reload(): void;
  /** The session is over, or the topic is not for us (any more). */
  refused(): void;
  /** The server is reached again. */
  back?(): void;
}

/** Follow a topic of the feed from `cursor` on; answers how to stop. */
export function follow(topic: string, cursor: number, handler: Handler): () => void {
  let before = true;
  const feed = new Feed(location.origin, topic, "", cursor, {
    event: (event) => afterPresses(() => handler.event(event)),
    moment: (moment) => afterPresses(() => handler.moment?.(moment)),
    reload: () => afterPresses(() => handler.reload()),
    refused: () => handler.refused(),
    connected: (yes) => {
      tell(topic, yes);
      if (yes && !before) handler.back?.();
      before = yes;
    },
  }, LONGEST);
  feed.start();
  return () => {
    feed.stop();
    tell(topic, true);
  };
}
