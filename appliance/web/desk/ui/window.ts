import { onMounted, onUnmounted } from "vue";

/** Hear an event of the window while the component is there. */
export function useWindow(name: string, heard: (event: Event) => void): void {
  onMounted(() => addEventListener(name, heard));
  onUnmounted(() => removeEventListener(name, heard));
}
