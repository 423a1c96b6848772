// Contacts as far as this desk has read them, kept true by what the feed tells.

import { reactive } from "vue";

import type { FeedEvent } from "../../client/feed";
import { get, patch } from "../api/client";
import type { Card, ContactPage } from "../api/types";
import { describer } from "./described";

/** Of which contacts an event tells: of one that was changed, or of several that turned out to be one person. */
export function them(told: FeedEvent): Set<number> {
  const { contact, into, same } = told.data as { contact?: number; into?: number; same?: number[] };
  return new Set([contact, into, ...(same ?? [])].filter((one) => one !== undefined));
}

type Soon = (name: string, job: () => Promise<void>) => Promise<void>;

export function makeContacts(cards: Map<number, Card>, refresh: (conversation: number) => Promise<void>, soon: Soon) {
  const contacts = reactive(new Map<number, ContactPage>());

  async function contact(id: number, afresh = false): Promise<ContactPage> {
    const found = contacts.get(id);
    if (found && !afresh) return found;
    const told = await get("/api/v1/desk/contacts/{contact}", { path: { contact: id } });
    contacts.set(id, told);
    return told;
  }

  const describeContact = describer(contacts, async (body, { id, etag }) => {
    const told = await patch("/api/v1/desk/contacts/{contact}", { path: { contact: id }, headers: { "If-Match": `"${etag}"` }, body });
    Object.assign(contacts.get(id) ?? {}, told);
    for (const one of cards.values()) if (one.contact === id) one.contact_name = told.name;
  }, (id) => contact(id, true));

  /** Somebody changed what is known of them, or they are one person now. */
  function changed(told: FeedEvent): void {
    const meant = them(told);
    for (const one of cards.values()) if (meant.has(one.contact)) void soon(`card ${one.id}`, () => refresh(one.id));
    for (const id of meant) if (contacts.has(id)) void soon(`contact ${id}`, async () => void (await contact(id, true)));
  }

  return { contacts, contact, describeContact, changed };
}
