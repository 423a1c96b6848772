import { describe, expect, it } from "vitest";

import { loadTexts, speak } from "../i18n";
import { knowFields } from "./labels";
import { sentence, type Told } from "./sentence";

const told = (kind: string, more: Partial<Told> = {}): Told => ({ kind, detail: "The server's own.", parameters: {}, errors: [], ...more });

describe("a refusal", () => {
  it("is told in the reader's language, with what it is about", async () => {
    const most = told("snooze-long", { parameters: { most: 30 } });
    const kinds = told("file-type", { parameters: { allowed: ["pdf", "png"] } });
    (globalThis as { document?: unknown }).document ??= { documentElement: {} };
    await speak("zh-CN");
    expect(await sentence(most)).toBe("\u4f1a\u8bdd\u6700\u591a\u6401\u7f6e 30 \u5929\u3002");
    await loadTexts("refusals", "en");
    await speak("en");
    expect(await sentence(most)).toBe("A conversation is snoozed for at most 30 days.");
    expect(await sentence(kinds)).toContain("pdf, png");
  });

  it("of fields names each of them", async () => {
    const errors = [
      { where: "body.name", what: "String should …", kind: "string_too_long", parameters: { max_length: 200 } },
      { where: "body.form", what: "", kind: "queue-ring", parameters: { queue: "Sales" } },
      { where: "body.at", what: "is odd", kind: "datetime_parsing", parameters: {} },
    ];
    expect(await sentence(told("invalid", { errors }))).toBe(
      "Something is not right: name: at most 200 characters; An offer of the queue Sales must ring longer than 0 seconds.; at: is odd.",
    );
  });

  it("calls fields as the form does that is open, and custom fields by their names", async () => {
    const short = { kind: "string_too_short", what: "", parameters: { min_length: 1 } };
    const errors = [
      { where: "display_name", ...short },
      { where: "skills.0.level", ...short },
      { where: "fields.order", ...short },
      { where: "odd_thing", ...short },
    ];
    knowFields([{ key: "order", names: { en: "Order number", "zh-CN": "\u8ba2\u5355\u53f7" } }]);
    await loadTexts("admin", "en");
    expect(await sentence(told("invalid", { errors }))).toBe(
      "Something is not right: Name that others see: at least 1 characters; Level: at least 1 characters; " +
        "Order number: at least 1 characters; odd thing: at least 1 characters.",
    );
    await speak("zh-CN");
    const number = { where: "order", what: "", kind: "field-number", parameters: { field: "order", subject: "contact" } };
    expect(await sentence(told("invalid", { errors: [number] }))).toContain("\u8ba2\u5355\u53f7");
    await speak("en");
  });

  it("of a kind that is not known here is told as the server says it", async () => {
    expect(await sentence(told("quite-new"))).toBe("The server's own.");
  });
});
