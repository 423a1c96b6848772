// Whatever a page asks of the server: what it said no to, in words, and whether we wait for it.

import { ref, type Ref } from "vue";

import { Refused, Unreached } from "../api/client";
import { t } from "../i18n";

interface Asking {
  refused: Ref<string>;
  /** The inputs that are wrong, by the interface's names. */
  wrong: Ref<readonly string[]>;
  busy: Ref<boolean>;
  ask: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** What came in between, in words; a fault of our own is thrown on. */
export function whatWentWrong(error: unknown): string {
  if (error instanceof Refused) return error.kind === "precondition-failed" ? t("asking.changed_since") : error.message;
  if (error instanceof Unreached) return t("asking.gone");
  throw error;
}

export function useAsking(): Asking {
  const refused = ref("");
  const wrong = ref<readonly string[]>([]);
  const busy = ref(false);
  return {
    refused,
    wrong,
    busy,
    /** Whether it was done. */
    async ask(work) {
      refused.value = "";
      wrong.value = [];
      busy.value = true;
      try {
        await work();
        return true;
      } catch (error) {
        if (error instanceof Refused) wrong.value = error.wrong;
        refused.value = whatWentWrong(error);
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
}

/** Where a page goes on: a number, or a word where ids are words. Nothing: at the beginning. */
export type Cursor = number | string;

/** Everything of a list that comes in pages. */
export async function all<T>(page: (after?: Cursor) => Promise<{ items: T[]; cursor?: Cursor }>): Promise<T[]> {
  const found: T[] = [];
  let after: Cursor | undefined;
  do {
    const part = await page(after);
    found.push(...part.items);
    after = part.cursor;
  } while (after);
  return found;
}
