// When it is over: a rating, and the transcript by mail.

import { Refused } from "../client/chat";
import { words } from "./lines";
import { make } from "./make";
import type { Texts } from "./texts";

export interface Afterwards {
  element: HTMLElement;
  /** Whether mail can be sent. */
  mail(can: boolean): void;
  show(over: boolean, mayRate: boolean, stars: number, transcript: string): void;
}

interface AfterWishes {
  rate(stars: number, comment: string): Promise<void>;
  mail(address: string): Promise<void>;
}

export function afterwards(t: Texts, wishes: AfterWishes): Afterwards {
  let canMail = false;
  const rating = make("form", { class: "rating" });
  const stars = make("fieldset", {}, make("legend", {}, t.rate));
  const comment = make("textarea", { rows: "1", maxlength: "1000", "aria-label": t.comment, placeholder: t.comment });
  for (const number of [1, 2, 3, 4, 5]) {
    const radio = make("input", { type: "radio", name: "stars", value: String(number), required: "" });
    radio.onchange = () => paint(number);
    stars.append(make("label", { title: t.stars(number) }, radio, make("span", { class: "who" }, t.stars(number)), make("span", { "aria-hidden": "true", class: "star" }, "☆")));
  }
  const more = make("div", { class: "more", hidden: "" }, comment, make("button", { class: "strong", type: "submit" }, t.sendRating));
  rating.append(stars, more);
  const thanks = make("div", { class: "thanks", role: "status", hidden: "" });
  const post = make("form", { class: "mail" });
  const address = make("input", { type: "email", required: "", maxlength: "254", autocomplete: "email", "aria-label": t.address, placeholder: t.transcript });
  post.append(address, make("button", { type: "submit" }, t.sendTranscript));
  const posted = make("div", { class: "thanks", role: "status", hidden: "" });
  const element = make("div", { class: "after", hidden: "" }, rating, thanks, post, posted);

  function paint(number: number): void {
    more.hidden = false;
    stars.querySelectorAll(".star").forEach((star, index) => (star.textContent = index < number ? "★" : "☆"));
  }
  function tell(where: HTMLElement, text: string): void {
    if (where.textContent !== text) where.textContent = text;
    where.hidden = !text;
  }
  const told = (where: HTMLElement) => (error: unknown) =>
    tell(where, error instanceof Refused ? words(error, t) : t.notNow);

  rating.onsubmit = (event) => {
    event.preventDefault();
    const chosen = new FormData(rating).get("stars");
    if (chosen) void wishes.rate(Number(chosen), comment.value).catch(told(thanks));
  };
  post.onsubmit = (event) => {
    event.preventDefault();
    void wishes.mail(address.value.trim()).catch(told(posted));
  };
  return {
    element,
    mail: (can) => (canMail = can),
    show(over, mayRate, given, transcript) {
      element.hidden = !over || !(mayRate || canMail);
      rating.hidden = !mayRate || given > 0;
      if (given) tell(thanks, t.thanks);
      else if (!over) tell(thanks, "");
      post.hidden = !canMail || ["waiting", "sent"].includes(transcript);
      if (transcript) tell(posted, t.transcriptStates[transcript] ?? transcript);
      else if (!over) tell(posted, "");
    },
  };
}
