// What the page that brought the program knows: who is here, in which language, of which release.

export interface Settings {
  language: "zh-CN" | "en";
  user: { id: number; name: string; display_name: string; role: string };
  permissions: string[];
  csrf: string;
  release: string;
  /** Seconds after which "What is running" looks again; 0: never. */
  refresh_seconds: number;
  /** What the pages before this one have to say: a tone and a sentence. */
  told: [string, string][];
  /** Nobody else is here yet: what to do first is shown first. */
  first_steps: boolean;
}

let known: Settings | null = null;

export function settings(): Settings {
  if (!known) {
    const text = document.getElementById("desk")?.dataset.settings;
    if (!text) throw new Error("the page has no settings");
    known = JSON.parse(text) as Settings;
  }
  return known;
}
