// Keeps what is shown of the floor true: read again when the feed tells of something, at most each
// second, and now and then anyhow, for what time alone changes.

import { onMounted, onUnmounted, ref, type Ref } from "vue";

import { pause } from "../../client/backoff";
import { Refused } from "../api/client";
import { follow } from "../stores/connection";

const SOON = 1000; // milliseconds
const ANYHOW = 15_000;

/**
 * @param topic - of the feed
 * @param load - reads the state; answers the cursor after which the topic tells more
 */
export function useFollowed(topic: () => string, load: () => Promise<number>): { gone: Ref<boolean>; again: () => void; end: () => void } {
  const gone = ref(false);
  let ended = false;
  let loading = false;
  let asked = false;
  let failures = 0;
  let timer = 0;
  let stop: (() => void) | null = null;

  async function read(): Promise<void> {
    clearTimeout(timer);
    if (loading) {
      asked = true;
      return;
    }
    loading = true;
    asked = false;
    try {
      const cursor = await load();
      gone.value = false;
      failures = 0;
      if (!ended) stop ??= follow(topic(), cursor, { event: soon, reload: soon, refused: soon, back: soon });
    } catch (error) {
      if (error instanceof Refused && error.status !== 404) throw error;
      gone.value = true;
      failures += 1;
    } finally {
      loading = false;
      const rest = gone.value ? pause(failures) : ANYHOW;
      if (!ended) timer = window.setTimeout(() => void read(), asked ? SOON : rest);
    }
  }

  function soon(): void {
    const first = !asked;
    asked = true;
    if (loading || !first || ended) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => void read(), SOON);
  }

  function end(): void {
    ended = true;
    clearTimeout(timer);
    stop?.();
  }

  onMounted(() => void read());
  onUnmounted(end);
  return { gone, again: () => void read(), end };
}
