// A call that I picked up at a telephone, mine or one that a colleague asks me into: its conversation opens as if I had answered here.

import type { FeedEvent } from "../../client/feed";

const PICKED_UP = new Set(["conversation.accept", "conversation.pick_up"]);

/** Whether an event of my own topic tells that I did so. */
export function pickedUp(told: FeedEvent, me: number): boolean {
  return PICKED_UP.has(told.kind) && told.data.at_phone === true && told.data.who === `agent:${me}`;
}

/** Whether something is being typed: the next keys must not reach another conversation. */
export function types(): boolean {
  const field = document.activeElement;
  if (field instanceof HTMLTextAreaElement) return field.value !== "";
  return field instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(field.type) && field.value !== "";
}
