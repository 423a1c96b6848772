// What administrators keep for agents to choose from and fill in: it comes with the board, and is read again when it was edited.

import { ref, type Ref } from "vue";

import { get } from "../api/client";
import type { Canned, FieldShape, LabelShape } from "../api/types";
import { knowFields } from "../refusals/labels";
import { all } from "../ui/asking";

interface Choices {
  labels: Ref<LabelShape[]>;
  fields: Ref<FieldShape[]>;
  replies(): Promise<Canned[]>;
  know(board: { labels: LabelShape[]; fields: FieldShape[] }): void;
  /** How to read again what an event of this kind tells of; undefined: it is about something else. */
  edited(kind: string): (() => Promise<void>) | undefined;
}

export function makeChoices(): Choices {
  const labels = ref<LabelShape[]>([]);
  const fields = ref<FieldShape[]>([]);
  let canned: Canned[] | null = null; // asked for when somebody wants one

  function know(board: { labels?: LabelShape[]; fields?: FieldShape[] }): void {
    if (board.labels) labels.value = board.labels;
    if (!board.fields) return;
    fields.value = board.fields;
    knowFields(board.fields);
  }

  const again: Record<string, () => Promise<void>> = {
    "label.set": async () => know({ labels: await all((after) => get("/api/v1/labels", { query: { after, most: 200 } })) }),
    "field.set": async () => know({ fields: await all((after) => get("/api/v1/fields", { query: { after, most: 200 } })) }),
    "canned.set": async () => void (canned = null),
    "canned.removed": async () => void (canned = null),
  };

  return {
    labels, fields, know,
    replies: async () => (canned ??= await all((after) => get("/api/v1/canned", { query: { after, most: 200 } }))),
    edited: (kind) => again[kind],
  };
}
