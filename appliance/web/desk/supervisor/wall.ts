// The wallboard's figures, for every page that shows some of them: what two ask at once is asked once.

import { get, type Answer } from "../api/client";

export type Wall = Answer<"get", "/api/v1/floor/wall">;
export type Board = Wall["queues"][number];

const SAME = 500; // milliseconds; less than the feed is waited for before it is asked again
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
let last: { at: number; told: Promise<Wall> } | null = null;

export function readWall(): Promise<Wall> {
  if (last && Date.now() - last.at < SAME) return last.told;
  const asked = { at: Date.now(), told: get("/api/v1/floor/wall", { query: { zone } }) };
  last = asked;
  asked.told.catch(() => {
    if (last === asked) last = null;
  });
  return asked.told;
}
