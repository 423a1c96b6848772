import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { address, get, post, Refused, Unreached } from "./client";

const asked: Request[] = [];
let answers: (() => Response | Promise<Response>)[] = [];

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal("document", {
    getElementById: () => ({ dataset: { settings: JSON.stringify({ csrf: "first" }) } }),
  });
  vi.stubGlobal("location", { pathname: "/conversations/7", search: "", assign: vi.fn() });
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push(new Request(`https://desk.test${path}`, init));
    return Promise.resolve().then(() => answers.shift()?.());
  });
});
afterEach(() => vi.unstubAllGlobals());

function json(status: number, body: object, headers: Record<string, string> = {}): () => Response {
  return () => new Response(JSON.stringify(body), { status, headers });
}

describe("the client of the interface", () => {
  it("tells which inputs are wrong", async () => {
    answers = [json(422, { type: "invalid", detail: "A key …", errors: [{ where: "key", what: "A key …" }] })];
    const refused = await get("/api/v1/fields").catch((error: unknown) => error as Refused);
    expect(refused).toBeInstanceOf(Refused);
    expect((refused as Refused).wrong).toEqual(["key"]);
  });
  it("has heard nothing when the answer was cut off, and takes an empty one for done", async () => {
    answers = [() => new Response('{"items": [', { status: 200 }), () => new Response(null, { status: 204 })];
    await expect(get("/api/v1/fields")).rejects.toBeInstanceOf(Unreached);
    await expect(get("/api/v1/fields")).resolves.toBeUndefined();
  });

  it("fills paths and leaves out what is not given", () => {
    expect(address("/a/{b}/c", { path: { b: "x/y" }, query: { after: 0, most: undefined } })).toBe("/a/x%2Fy/c?after=0");
    expect(() => address("/a/{b}", {})).toThrow("needs b");
  });

  it("shows the newest token with whatever changes something", async () => {
    answers = [json(200, {}), json(200, {}, { "X-CSRF-Token": "second" }), json(200, {})];
    await post("/api/v1/desk/presence", { body: { said: "ready" } as never });
    await get("/api/v1/desk/me");
    await post("/api/v1/desk/presence", { body: { said: "ready" } as never });
    expect(asked.map((one) => one.headers.get("X-CSRF-Token"))).toEqual(["first", null, "second"]);
  });

  it("tells a refusal from nobody being there", async () => {
    answers = [
      json(409, { type: "conflict", kind: "offer-gone", detail: "It rings no more." }),
      () => Promise.reject(new TypeError("network")),
      () => new Response("<html>", { status: 502 }),
      json(503, { error: "moment", message: "One moment." }),
    ];
    await expect(get("/api/v1/desk/me")).rejects.toMatchObject({ kind: "offer-gone", message: expect.stringContaining("somebody else took it") });
    for (let n = 0; n < 3; n += 1) await expect(get("/api/v1/desk/me")).rejects.toBeInstanceOf(Unreached);
  });

  it("goes to sign in when the session is over, and comes back", async () => {
    answers = [json(401, { error: "unauthorized" })];
    await expect(get("/api/v1/desk/me")).rejects.toBeInstanceOf(Refused);
    expect(location.assign).toHaveBeenCalledWith("/sign-in?next=%2Fconversations%2F7");
  });
});
