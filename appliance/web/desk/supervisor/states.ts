// An agent's state as a colour, the same everywhere.

export const STATES = ["available", "offered", "busy", "wrap_up", "away", "not_responding", "offline"] as const;
export const TONES: Record<string, string> = {
  available: "good", offered: "warn", busy: "info", wrap_up: "info", away: "", not_responding: "bad", offline: "",
};
