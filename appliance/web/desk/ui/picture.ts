// What may wait until the answer to a key stands on the screen.

import { onScopeDispose, shallowRef, watch, type ShallowRef } from "vue";

const LONGEST = 200; // milliseconds: a page that is hidden just now gets no picture

export function afterPicture(job: () => void): void {
  if (document.hidden) return job(); // nobody waits for a picture
  let done = false;
  const once = (): void => {
    if (!done) job();
    done = true;
  };
  requestAnimationFrame(() => setTimeout(once));
  setTimeout(once, LONGEST);
}

/** What `source` is, from the picture after the next one on: the costly part of an answer follows it. */
export function useAfterPicture<T>(source: () => T): Readonly<ShallowRef<T | undefined>> {
  const kept = shallowRef<T>();
  let gone = false;
  watch(source, () => afterPicture(() => { if (!gone) kept.value = source(); }), { immediate: true });
  onScopeDispose(() => (gone = true));
  return kept;
}

/** What `source` is once it has been that for a while: nobody only passes by. */
export function useSettled<T>(source: () => T, milliseconds: number): Readonly<ShallowRef<T | undefined>> {
  const kept = shallowRef<T>();
  let timer = 0;
  watch(
    source,
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => (kept.value = source()), milliseconds) as unknown as number;
    },
    { immediate: true },
  );
  onScopeDispose(() => clearTimeout(timer));
  return kept;
}
