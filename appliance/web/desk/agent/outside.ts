// To whom a conversation can go, and what of that is a number outside.

export type To = { queue: number } | { agent: number } | { number: string };

/** What was typed, if it can be a number outside; else empty. The appliance says whether it may be called. */
export function outsideNumber(typed: string): string {
  const plain = typed.replace(/[\s().\-/]+/g, "");
  return /^\+?\d{3,24}$/.test(plain) ? plain : "";
}
