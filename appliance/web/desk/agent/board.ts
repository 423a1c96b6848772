// What the desk knows of my work: read once, and kept true by what the feed tells.

import { defineStore } from "pinia";
import { computed, reactive, ref, shallowRef } from "vue";

import { pause, sleep } from "../../client/backoff";
import type { FeedEvent } from "../../client/feed";
import { get, leave, patch, post, Refused, Unreached } from "../api/client";
import { untilReached } from "../api/reached";
import type { Agent, Card, Colleague, Detail, Message, QueueName } from "../api/types";
import { router } from "../router";
import { settings } from "../settings";
import { follow } from "../stores/connection";
import { play } from "../stores/sounds";
import { makeChoices } from "./choices";
import { makeContacts } from "./contacts";
import { describer } from "./described";
import { tidyDrafts, withOutgoing } from "./drafts";
import { narrowed, wanted } from "./find";
import { recovered } from "./journal";
import { asideInOrder, inOrder, isAside, isIncomplete, isJoined, isMine } from "./order";
import { pickedUp, types } from "./picked";
import { noticed, takenAway, type Taken } from "./taken";
import { makeTalk, type Talk } from "./talk";
import { heardTyping, typesNoMore } from "./typing";
import { written } from "./written";

const MOST_TALKS = 40; // conversations whose messages are kept in memory

export const useBoard = defineStore("board", () => {
  const ready = ref(false);
  const me = ref<Agent | null>(null);
  const cards = reactive(new Map<number, Card>());
  const queues = ref<QueueName[]>([]);
  const colleagues = ref<Colleague[]>([]);
  const dispositions = ref<string[]>([]);
  const tags = ref<string[]>([]);
  const { labels, fields, replies, know, edited } = makeChoices();
  const updating = ref(false);
  const switchSilent = ref(false);
  const taken = ref<Taken[]>([]);
  const mostLength = ref(4000);
  const details = reactive(new Map<number, Detail>());
  const joined = new Map<number, () => void>();
  const talks = shallowRef(new Map<number, Talk>());
  const never = new AbortController().signal;
  let stop: (() => void) | null = null;
  let begun = false;

  const mine = computed(() => inOrder([...cards.values()].filter((one) => isMine(one, me.value?.id ?? 0))));
  const aside = computed(() => asideInOrder(cards.values(), me.value?.id ?? 0));
  const incomplete = computed(() => [...cards.values()].filter(isIncomplete).sort((a, b) => b.id - a.id));
  const named = (queue: number | null): string => queues.value.find((one) => one.id === queue)?.name ?? "";
  const listed = computed(() => narrowed(mine.value, wanted.value, named));
  const listedAside = computed(() => narrowed(aside.value, wanted.value, named));
  const listedIncomplete = computed(() => narrowed(incomplete.value, wanted.value, named));
  const ringing = computed(() => mine.value.filter((one) => one.state === "offered" && one.offer));

  let drafts: Promise<void> | null = null;
  function begin(): void {
    if (begun) return;
    drafts = recovered().then(tidyDrafts);
    begun = true;
    void read().then(() => {
      for (const conversation of withOutgoing()) void talk(conversation).flush();
    });
  }

  async function read(): Promise<void> {
    const [board] = await Promise.all([untilReached(() => get("/api/v1/desk/board")), drafts]);
    if (!board) return;
    me.value = board.me;
    for (const one of [...cards.values()]) if (isMine(one, board.me.id) || isAside(one, board.me.id) || isIncomplete(one)) cards.delete(one.id);
    for (const one of board.cards) cards.set(one.id, one);
    queues.value = board.queues;
    colleagues.value = board.colleagues;
    dispositions.value = board.dispositions;
    tags.value = board.tags;
    know(board);
    updating.value = board.updating;
    switchSilent.value = board.switch_silent;
    mostLength.value = board.most_length;
    ready.value = true;
    stop?.();
    stop = follow(`agent/${board.me.id}`, board.cursor, {
      event,
      moment: heardTyping,
      reload: () => void read(),
      refused: () => void askWhoIAm(),
      back: () => talks.value.forEach((one) => void one.flush()),
    });
    for (const one of talks.value.values()) void catchUp(one);
    void followJoined().catch(() => undefined);
  }

  /** Read what was said, as far as it is not here. */
  async function open(conversation: number): Promise<void> {
    await talk(conversation).open(cards.get(conversation)?.messages ?? 0);
  }

  /** The same of those beside it in the list: a step to them finds it here. */
  function openAround(conversation: number): void {
    const at = listed.value.findIndex((one) => one.id === conversation);
    for (const one of at < 0 ? [] : [listed.value[at + 1], listed.value[at - 1]]) {
      if (one?.messages && !talk(one.id).messages.length) void open(one.id).catch(() => undefined);
    }
  }

  async function catchUp(one: Talk): Promise<void> {
    const newest = cards.get(one.conversation)?.messages ?? 0;
    if (one.messages.length && newest > one.last) await one.open(newest).catch(() => undefined);
  }

  async function askWhoIAm(): Promise<void> {
    try {
      me.value = await get("/api/v1/desk/me"); // goes to sign in when the session is over
    } catch (error) {
      if (error instanceof Refused && error.status === 403) leave(); // else nobody answers: the feed asks again
    }
  }

  function event(told: FeedEvent): void {
    const conversation = Number(told.data.conversation ?? 0);
    const again = edited(told.kind);
    if (again) void soon(told.kind, again);
    if (told.kind === "agent.set" || told.kind === "queue.set") void soon("others", refreshOthers); // my queues, their names
    if (told.kind === "agent.updating") updating.value = told.data.updating === true;
    else if (told.kind === "agent.switch") switchSilent.value = told.data.silent === true;
    else if (told.kind.startsWith("agent.")) void soon("me", refreshMe);
    else if (told.kind.startsWith("contact.")) changed(told);
    else if (told.kind === "message.said") said(conversation, told);
    else if (told.kind === "message.marked") marked(conversation, told);
    else if (told.kind.startsWith("conversation.")) {
      if (told.data.woken === "time") play("messages"); // what was snoozed is back
      const gone = takenAway(told, me.value?.id ?? 0, cards.get(conversation)?.contact_name ?? "");
      if (gone) {
        taken.value = noticed(taken.value, gone);
        if (!colleagues.value.some((one) => one.id === gone.by)) void soon("others", refreshOthers); // for their name
      }
      if (pickedUp(told, me.value?.id ?? 0) && !types()) void router.push(`/conversations/${conversation}`);
      void soon(`card ${conversation}`, () => refresh(conversation));
    }
  }

  function marked(conversation: number, told: FeedEvent): void {
    const talk = talks.value.get(conversation);
    if (!talk || told.data.side !== "contact") return;
    talk.delivered = Math.max(talk.delivered, Number(told.data.delivered ?? 0));
    talk.read = Math.max(talk.read, Number(told.data.read ?? 0));
  }

  function said(conversation: number, told: FeedEvent): void {
    const data = told.data as Record<string, unknown>;
    const who = String(data.who ?? "");
    const message = {
      attachment: null,
      ...data,
      agent: who.startsWith("agent:") ? Number(who.slice(6)) : null,
      at: told.at,
    } as unknown as Message;
    talks.value.get(conversation)?.heard(message);
    typesNoMore(conversation);
    const card = cards.get(conversation);
    if (!card) {
      void soon(`card ${conversation}`, () => refresh(conversation));
      return;
    }
    card.messages = Math.max(card.messages, message.number);
    if (message.internal) return;
    card.last = { author: message.author, text: message.text.slice(0, 200), at: told.at, file: message.attachment?.name ?? "", agent: message.agent };
    if (message.author === "contact") {
      card.unanswered_since ??= told.at;
      if (card.state !== "offered") written(card, message, () => void router.push(`/conversations/${conversation}`));
    } else if (message.author === "agent") {
      card.unanswered_since = null;
      card.woken = "";
    }
  }

  // What is being asked is not asked beside it: once more when it is done, if something happened since.
  const asking = new Map<string, boolean>();
  async function soon(name: string, job: () => Promise<void>): Promise<void> {
    if (asking.has(name)) {
      asking.set(name, true);
      return;
    }
    asking.set(name, false);
    for (let failures = 0; ; ) {
      try {
        await job();
        failures = 0;
        if (!asking.get(name)) break;
        asking.set(name, false);
      } catch (error) {
        if (!(error instanceof Unreached)) break; // it is not ours any more
        failures += 1;
        await sleep(pause(failures), never);
      }
    }
    asking.delete(name);
  }

  async function refreshMe(): Promise<void> {
    me.value = await get("/api/v1/desk/me");
  }

  async function refresh(conversation: number): Promise<void> {
    try {
      const card = await get("/api/v1/desk/cards/{conversation}", { path: { conversation } });
      cards.set(conversation, card);
      if (details.has(conversation)) void detail(conversation).catch(() => undefined);
      void followJoined().catch(() => undefined);
      if (isMine(card, me.value?.id ?? 0)) void soon("me", refreshMe);
    } catch (error) {
      if (error instanceof Refused) {
        cards.delete(conversation); // somebody else has it from now on: my state is another, too
        void soon("me", refreshMe);
      }
      throw error;
    }
  }

  const describe = describer(cards, async (body, { id, etag }) => {
    const told = await patch("/api/v1/desk/cards/{conversation}", { path: { conversation: id }, headers: { "If-Match": `"${etag}"` }, body });
    cards.set(told.id, told);
  }, refresh);

  const { contacts, contact, describeContact, changed } = makeContacts(cards, refresh, soon);

  /** Where a colleague asked me in, what is said is told in the conversation's own topic. */
  async function followJoined(): Promise<void> {
    for (const [id, leaveIt] of [...joined]) {
      const card = cards.get(id);
      if (card && isJoined(card) && card.agent !== me.value?.id) continue;
      leaveIt();
      joined.delete(id);
    }
    for (const card of cards.values()) {
      if (!isJoined(card) || card.agent === me.value?.id || joined.has(card.id)) continue;
      joined.set(card.id, () => undefined);
      const { cursor } = await detail(card.id);
      const handler = { event, moment: heardTyping, reload: () => void soon(`card ${card.id}`, () => refresh(card.id)), refused: () => void refresh(card.id).catch(() => undefined) };
      joined.set(card.id, follow(`conversation/${card.id}`, cursor, handler));
    }
  }

  /** Who else takes part, how far the contact is, the pages they looked at. */
  async function detail(conversation: number): Promise<Detail> {
    const found = await get("/api/v1/desk/conversations/{conversation}", { path: { conversation } });
    details.set(conversation, found);
    const one = talk(conversation);
    one.delivered = Math.max(one.delivered, found.marks.contact.delivered);
    one.read = Math.max(one.read, found.marks.contact.read);
    return found;
  }

  async function invite(conversation: number, agent: number): Promise<void> {
    await post("/api/v1/desk/conversations/{conversation}/invite", { path: { conversation }, body: { agent } });
    await detail(conversation);
  }

  /** A colleague who takes part goes on in my stead. */
  async function handOver(conversation: number, agent: number): Promise<void> {
    await post("/api/v1/desk/conversations/{conversation}/hand-over", { path: { conversation }, body: { agent } });
    await refresh(conversation).catch(() => undefined);
  }

  /** A number outside comes into the call, or (`transfer`) the caller goes on with it alone once somebody answers. */
  async function askNumber(conversation: number, number: string, transfer: boolean): Promise<void> {
    keep(await post("/api/v1/desk/phone/calls/{conversation}/numbers", { path: { conversation }, body: { number, transfer } }));
    await detail(conversation);
  }

  async function sendNumberOut(conversation: number, number: string): Promise<void> {
    await post("/api/v1/desk/phone/calls/{conversation}/numbers/part", { path: { conversation }, body: { number } });
    await detail(conversation);
  }

  /** Caller and number go on without me. */
  async function leaveToNumber(conversation: number, number: string): Promise<void> {
    keep(await post("/api/v1/desk/phone/calls/{conversation}/numbers/hand-over", { path: { conversation }, body: { number } }));
    await detail(conversation);
  }

  async function part(conversation: number, agent: number): Promise<void> {
    await post("/api/v1/desk/conversations/{conversation}/part", { path: { conversation }, body: { agent } });
    if (agent === me.value?.id) await refresh(conversation);
    else await detail(conversation);
  }

  async function refreshOthers(): Promise<void> {
    const told = await get("/api/v1/desk/others");
    queues.value = told.queues;
    colleagues.value = told.colleagues;
  }

  function talk(conversation: number): Talk {
    const found = talks.value.get(conversation);
    if (found) return found;
    const made = makeTalk(conversation);
    const kept = new Map(talks.value).set(conversation, made);
    for (const [id, one] of kept) {
      if (kept.size <= MOST_TALKS) break;
      if (id !== conversation && !one.outgoing.length && !isMine(cards.get(id) ?? ({} as Card), me.value?.id ?? 0)) {
        kept.delete(id);
      }
    }
    talks.value = kept;
    return made;
  }

  type Verb = "accept" | "decline" | "hold" | "resume" | "end" | "take-over" | "wake";
  async function act(conversation: number, verb: Verb): Promise<void> {
    const path = `/api/v1/desk/conversations/{conversation}/${verb}` as "/api/v1/desk/conversations/{conversation}/accept";
    keep(await post(path, { path: { conversation } }));
  }

  async function transfer(conversation: number, to: { queue: number } | { agent: number }, note: string): Promise<void> {
    keep(await post("/api/v1/desk/conversations/{conversation}/transfer", { path: { conversation }, body: { ...to, note } }));
  }

  async function snooze(conversation: number, until: Date | null): Promise<void> {
    const body = { until: until?.toISOString() ?? null };
    keep(await post("/api/v1/desk/conversations/{conversation}/snooze", { path: { conversation }, body }));
  }

  async function close(conversation: number, disposition: string): Promise<void> {
    keep(await post("/api/v1/desk/conversations/{conversation}/close", { path: { conversation }, body: { disposition } }));
  }

  /** An answer to something that was done: newer than what is here, and without the list's own fields. */
  function keep(told: Partial<Card> & { id: number }): void {
    const card = cards.get(told.id);
    if (card) Object.assign(card, told, told.state === "offered" ? {} : { offer: null });
    void soon("me", refreshMe);
  }

  async function say(said: "ready" | "step_away" | "sign_out", reason = ""): Promise<void> {
    if (me.value?.presence === "offline" && said !== "sign_out") {
      me.value = await post("/api/v1/desk/presence", { body: { said: "sign_in" } });
    }
    me.value = await post("/api/v1/desk/presence", { body: { said, reason } });
  }

  return {
    ready, me, cards, queues, colleagues, dispositions, tags, labels, fields, updating, switchSilent, taken, mostLength, mine, aside, incomplete, listed, listedAside, listedIncomplete, ringing, contacts, details,
    begin, open, openAround, describe, describeContact, detail, replies, invite, handOver, askNumber, sendNumberOut, leaveToNumber, part, refresh, refreshOthers, talk, contact, act, transfer, snooze, close, say, myself: settings().user,
  };
});
