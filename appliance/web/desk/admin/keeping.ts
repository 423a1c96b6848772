// A page of things that stand in an order and are retired instead of removed: all that it does with the server.

import { onMounted, ref, type Ref } from "vue";
import { useI18n } from "vue-i18n";

import { inWords } from "../agent/catalogue";
import { all, useAsking, type Cursor } from "../ui/asking";

export interface Kept {
  id: number;
  names: Record<string, string>;
  position: number;
  retired: boolean;
  etag: string;
}

/** The requests; `headers` say which state of a thing is changed. */
export interface Server<T> {
  page: (after?: Cursor) => Promise<{ items: T[]; cursor?: Cursor }>;
  add: (one: T, others: readonly T[]) => Promise<unknown>;
  change: (one: T, headers: Record<string, string>) => Promise<unknown>;
  retire: (one: T, retired: boolean, headers: Record<string, string>) => Promise<unknown>;
  order: (ids: number[]) => Promise<unknown>;
  /** What else the page shows. */
  beside?: () => Promise<unknown>;
}

export function useKept<T extends Kept>(server: Server<T>) {
  const { t, locale } = useI18n();
  const { refused, wrong, busy, ask } = useAsking();
  const items = ref([]) as Ref<T[]>;
  const edited = ref(null) as Ref<T | null>;
  const loaded = ref(false);
  const said = ref("");
  const name = (one: T): string => inWords(one.names, locale.value);
  const state = (one: T): Record<string, string> => ({ "If-Match": `"${one.etag}"` });

  async function load(): Promise<void> {
    [items.value] = await Promise.all([all(server.page), server.beside?.()]);
    loaded.value = true;
  }
  onMounted(() => ask(load));

  function open(one: T): void {
    refused.value = said.value = "";
    wrong.value = [];
    edited.value = JSON.parse(JSON.stringify(one)) as T;
  }
  const save = (): Promise<boolean> => ask(async () => {
    const one = edited.value;
    if (!one) return;
    await (one.id ? server.change(one, state(one)) : server.add(one, items.value));
    edited.value = null;
    await load();
  });
  const retire = (one: T, retired: boolean): Promise<boolean> => ask(async () => {
    await server.retire(one, retired, state(one));
    await load();
    said.value = t(retired ? "admin.kept.is_retired" : "admin.kept.is_back", { name: name(one) });
  });
  const order = (ids: number[]): Promise<boolean> => ask(async () => {
    await server.order(ids);
    await load();
  });
  return { items, loaded, edited, said, refused, wrong, busy, name, open, save, retire, order };
}
