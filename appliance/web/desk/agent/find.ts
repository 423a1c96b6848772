// My list, narrowed to what holds some words: by what a row shows, and by what it is about.

import { ref } from "vue";

import type { Card } from "../api/types";
import { topic } from "./words";

/** What is typed into the list's field; empty: the whole list. */
export const wanted = ref("");

function plain(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** Those that hold each of the words somewhere; `queue` names a queue. */
export function narrowed(cards: readonly Card[], words: string, queue: (id: number | null) => string): readonly Card[] {
  const each = plain(words).split(/\s+/).filter(Boolean);
  if (!each.length) return cards;
  return cards.filter((one) => {
    const held = plain(
      [one.contact_name, `#${one.id}`, one.last?.text ?? "", one.last?.file ?? "", topic(one.subject), queue(one.queue), ...one.tags, ...Object.values(one.fields).map(String)].join("\n"),
    );
    return each.every((word) => held.includes(word));
  });
}
