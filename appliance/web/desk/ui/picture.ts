// What may wait until the answer to a key stands on the screen.

import { ref, type Ref } from "vue";

export function afterPicture(job: () => void): void {
  if (document.hidden) job(); // nobody waits for a picture
  else requestAnimationFrame(() => setTimeout(job));
}

/** False in the first picture of a component, true from then on. */
export function usePictured(): Ref<boolean> {
  const done = ref(false);
  afterPicture(() => (done.value = true));
  return done;
}
