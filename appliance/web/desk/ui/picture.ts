// What may wait until the answer to a key stands on the screen.

import { onScopeDispose, shallowRef, watch, type ShallowRef } from "vue";

const LONGEST = 200; // milliseconds: a page that is hidden just now gets no picture

export function afterPicture(job: () => void): void {
  if (document.hidden) return job(); // nobody waits for a picture
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true; // also where it fails
    job();
  };
  requestAnimationFrame(() => setTimeout(once));
  setTimeout(once, LONGEST);
}

let waiting = 0; // presses whose picture is not made yet
const behind: (() => void)[] = [];

function press(): void {
  waiting += 1;
  afterPicture(() => {
    waiting -= 1;
    next();
  });
}

/** One of what waited, in a task of its own: another press comes before the rest. */
function next(): void {
  if (waiting) return;
  const job = behind.shift();
  if (!job) return;
  setTimeout(next);
  job();
}

/** From now on what comes in gives way to keys and clicks. */
export function watchPresses(): void {
  for (const sign of ["keydown", "pointerdown"]) addEventListener(sign, press, { capture: true, passive: true });
}

/** Do what came in by itself (an answer, an event, the clock's tick): at once, or after the picture that somebody waits for. In order. */
export function afterPresses(job: () => void): void {
  if (waiting || behind.length) behind.push(job);
  else job();
}

/** What `source` is, from the picture after the next one on: the costly part of an answer follows it. */
export function useAfterPicture<T>(source: () => T): Readonly<ShallowRef<T | undefined>> {
  const kept = shallowRef<T>();
  let gone = false;
  watch(source, () => afterPicture(() => { if (!gone) kept.value = source(); }), { immediate: true });
  onScopeDispose(() => (gone = true));
  return kept;
}

const STEP = 600; // milliseconds: what changes again within them is stepped through
const STAYS = 300; // milliseconds without a step: somebody stays

/** What `source` is: after the next picture where somebody jumps to it; who steps through passes by, until they stay. */
export function useSettled<T>(source: () => T): Readonly<ShallowRef<T | undefined>> {
  const kept = shallowRef<T>();
  let [timer, before, change] = [0, -Infinity, 0];
  watch(
    source,
    (found) => {
      if (found === undefined) return; // nothing is wanted yet: what comes first is a jump
      const [steps, mine] = [performance.now() - before < STEP, (change += 1)];
      before = performance.now();
      clearTimeout(timer);
      const take = (): void => void (mine === change && (kept.value = source()));
      if (steps) timer = setTimeout(take, STAYS) as unknown as number;
      else afterPicture(take);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    change += 1;
    clearTimeout(timer);
  });
  return kept;
}
