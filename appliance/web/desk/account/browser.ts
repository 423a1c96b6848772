// Which browser on which system, as people call them; from what a browser says of itself.
//
// Browsers name those that they are like, too: the first that fits is the one that it is. Names of
// products are not translated.

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\b(OPR|Opera)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bMicroMessenger\//, "WeChat"],
  [/\bM?QQBrowser\//, "QQ Browser"],
  [/\bUC(Browser|WEB)\b/, "UC Browser"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|Chromium|HeadlessChrome)\//, "Chrome"],
  [/\bVersion\/.*\bSafari\//, "Safari"],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\b(OpenHarmony|HarmonyOS)\b/, "HarmonyOS"],
  [/\bAndroid\b/, "Android"],
  [/\biPad\b/, "iPad"],
  [/\b(iPhone|iPod)\b/, "iPhone"],
  [/\bWindows\b/, "Windows"],
  [/\b(Macintosh|Mac OS X)\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

export interface Known {
  browser: string;
  system: string;
}

/** Either is empty where it is not known; of a program its own name, such as `curl`. */
export function browserOf(told: string): Known {
  const of = (known: typeof BROWSERS): string => known.find(([sign]) => sign.test(told))?.[1] ?? "";
  const program = told.startsWith("Mozilla/") ? "" : (/^[\w.-]{1,40}(?=\/)/.exec(told)?.[0] ?? "");
  return { browser: of(BROWSERS) || program, system: of(SYSTEMS) };
}
