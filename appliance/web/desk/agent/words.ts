// Small things that are said in many places.

/** 0:07, 12:30, 1:02:03. */
export function span(milliseconds: number): string {
  const all = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const two = (n: number): string => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

export const TONE: Record<string, string> = {
  available: "good", offered: "info", busy: "info", wrap_up: "info", away: "warn", not_responding: "bad", offline: "",
};

/** What a conversation is about; of a page's address what tells pages of one site apart. */
export function topic(subject: string): string {
  if (!/^https?:\/\//.test(subject) || !URL.canParse(subject)) return subject;
  const { pathname, search } = new URL(subject);
  try {
    return decodeURI(pathname + search);
  } catch {
    return pathname + search; // a visitor's page may be named anything, "/100%" among it
  }
}

export interface Piece {
  text: string;
  link: boolean;
}

/** A text in pieces, links apart. Nothing of it is markup. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef]+[^\s<>"'.,;:!?)\]\u3000-\u303f\uff00-\uffef]/g)) {
    if (match.index > at) found.push({ text: text.slice(at, match.index), link: false });
    found.push({ text: match[0], link: true });
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push({ text: text.slice(at), link: false });
  return found;
}
