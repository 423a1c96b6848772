// Where the visitor writes: text, emoji, files by button, paste or drop.

import type { Look } from "../client/chat";
import { icon, make } from "./make";
import type { Texts } from "./texts";

export interface Composer {
  element: HTMLFormElement;
  draft(text: string): void;
  focus(): void;
  limits(look: Look | null): void;
  refuse(text: string): void;
  /** Whether it was open. */
  closePicker(): boolean;
}

interface ComposerWishes {
  say(text: string): void;
  file(file: File): void;
  draft(text: string): void;
  types(): void;
}

const EMOJI = [..."😀😂😊😍🤔😅😢😡👍👎🙏👏🎉❤🔥✅❌❓📷📞🚚💳🎁☕"];

export function compose(t: Texts, wishes: ComposerWishes): Composer {
  let mostLength = 4000;
  let mostFile = 0;
  const text = make("textarea", { rows: "2", "aria-label": t.placeholder, placeholder: t.placeholder });
  const picker = make("div", { class: "picker", role: "group", "aria-label": t.emoji, hidden: "" });
  const smile = make(
    "button",
    { type: "button", class: "icon", "aria-label": t.emoji, "aria-expanded": "false" },
    icon("M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M8 14c1.2 2 2.5 3 4 3s2.800-1 4-3M9 9v.5M15 9v.5"),
  );
  const choose = make("input", { type: "file", hidden: "", tabindex: "-1" });
  const clip = make("button", { type: "button", class: "icon", "aria-label": t.attach },
    icon("M20 11.500l-8 8a5 5 0 0 1-7-7l8.500-8.500a3.300 3.300 0 0 1 4.700 4.700l-8.500 8.500a1.700 1.700 0 0 1-2.400-2.400l7.800-7.800"));
  const trouble = make("div", { class: "trouble", role: "alert", hidden: "" });
  const send = make("button", { class: "strong", type: "submit" }, t.send);
  const element = make("form", { class: "write" }, picker, trouble, text, make("div", { class: "tools" }, smile, clip, send), choose);

  const refuse = (words: string): void => {
    trouble.textContent = words;
    trouble.hidden = !words;
  };
  const pick = (open: boolean): void => {
    picker.hidden = !open;
    smile.setAttribute("aria-expanded", String(open));
    if (open) (picker.firstElementChild as HTMLElement).focus();
  };
  const take = (file: File): void => {
    if (file.size > mostFile) refuse(t.tooLarge((mostFile / 2 ** 20).toFixed(0)));
    else {
      refuse("");
      wishes.file(file);
    }
  };
  const submit = (): void => {
    const words = text.value.trim();
    if (!words) return;
    if (words.length > mostLength) {
      refuse(t.tooLong(mostLength));
      return;
    }
    refuse("");
    pick(false);
    text.value = "";
    wishes.draft("");
    wishes.say(words);
  };

  for (const one of EMOJI) {
    const button = make("button", { type: "button", "aria-label": one }, one);
    button.onclick = () => {
      text.setRangeText(one, text.selectionStart, text.selectionEnd, "end");
      wishes.draft(text.value);
      pick(false);
      text.focus();
    };
    picker.append(button);
  }
  smile.onclick = () => pick(picker.hidden);
  clip.onclick = () => choose.click();
  choose.onchange = () => {
    for (const file of choose.files ?? []) take(file);
    choose.value = "";
  };
  text.oninput = () => {
    wishes.draft(text.value);
    if (text.value) wishes.types();
    if (text.value.length <= mostLength) refuse("");
  };
  text.onpaste = (event) => {
    const files = event.clipboardData?.files;
    if (!mostFile || !files?.length) return;
    event.preventDefault();
    for (const file of files) take(file);
  };
  element.ondragover = (event) => event.preventDefault();
  element.ondrop = (event) => {
    event.preventDefault();
    if (mostFile) for (const file of event.dataTransfer?.files ?? []) take(file);
  };
  text.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  };
  element.onsubmit = (event) => {
    event.preventDefault();
    submit();
  };
  return {
    element,
    draft: (words) => (text.value = words),
    focus: () => text.focus(),
    limits(look) {
      mostLength = look?.most_length ?? mostLength;
      mostFile = look?.most_file ?? 0;
      clip.hidden = !mostFile;
      choose.accept = (look?.file_types ?? []).map((one) => `.${one}`).join(",");
    },
    refuse,
    closePicker() {
      const open = !picker.hidden;
      if (open) smile.focus();
      pick(false);
      return open;
    },
  };
}
