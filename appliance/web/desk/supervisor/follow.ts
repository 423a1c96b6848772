// Keeps what is shown of the floor true: read again when the feed tells of something, at most each
// second, and now and then anyhow, for what time alone changes.

import { onMounted, onUnmounted, ref, type Ref } from "vue";

import { pause } from "../../client/backoff";
import { Refused } from "../api/client";

const SOON = 1000; // milliseconds
const ANYHOW = 15_000;
const SILENCE = 40_000; // without a heartbeat (25 s) or an event the connection is dead

/**
 * @param topic - of the feed
 * @param load - reads the state; answers the cursor after which the topic tells more
 */
export function useFollowed(topic: () => string, load: () => Promise<number>): { gone: Ref<boolean>; again: () => void } {
  const gone = ref(false);
  let ended = false;
  let loading = false;
  let asked = false;
  let cursor = 0;
  let failures = 0;
  let socket: WebSocket | null = null;
  let timer = 0;
  let silence = 0;

  async function read(): Promise<void> {
    clearTimeout(timer);
    if (loading) {
      asked = true;
      return;
    }
    loading = true;
    asked = false;
    try {
      cursor = await load();
      gone.value = false;
      failures = 0;
    } catch (error) {
      if (error instanceof Refused && error.status !== 404) throw error;
      gone.value = true;
      failures += 1;
    } finally {
      loading = false;
      if (!ended) timer = window.setTimeout(() => void read(), asked ? SOON : gone.value ? pause(failures) : ANYHOW);
    }
  }

  function soon(): void {
    asked = true;
    if (loading) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => void read(), SOON);
  }

  function listen(): void {
    if (ended) return;
    const tries = { count: 0 };
    const open = (): void => {
      if (ended) return;
      socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/feed`, ["callstead"]);
      const mine = socket;
      const alive = (): void => {
        clearTimeout(silence);
        silence = window.setTimeout(() => mine.close(), SILENCE);
      };
      alive();
      mine.onopen = () => {
        tries.count = 0;
        alive();
        mine.send(JSON.stringify({ subscribe: topic(), after: cursor }));
      };
      mine.onmessage = (message) => {
        alive();
        const batch = JSON.parse(String(message.data)) as { events?: unknown[]; reload?: boolean };
        if (batch.reload || batch.events?.length) soon();
      };
      mine.onclose = () => {
        clearTimeout(silence);
        tries.count += 1;
        if (!ended) setTimeout(open, pause(tries.count));
      };
    };
    open();
  }

  onMounted(() => void read().then(listen));
  onUnmounted(() => {
    ended = true;
    clearTimeout(timer);
    clearTimeout(silence);
    socket?.close();
  });
  return { gone, again: () => void read() };
}
