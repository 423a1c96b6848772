import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Feed } from "./feed";

type Answer = "works" | "fails";
const net = { socket: "works" as Answer, long: "works" as Answer, poll: "works" as Answer };
let asked: string[] = [];
let sockets: FakeSocket[] = [];

class FakeSocket {
  static readonly OPEN = 1;
  readyState = 0;
  onopen?: () => void;
  onmessage?: (message: { data: string }) => void;
  onclose?: () => void;
  private beat: ReturnType<typeof setInterval> | undefined;

  constructor() {
    asked.push("socket");
    sockets.push(this);
    setTimeout(() => {
      if (net.socket === "fails") return this.onclose?.();
      this.readyState = FakeSocket.OPEN;
      this.onopen?.();
      this.beat = setInterval(() => this.onmessage?.({ data: '{"heartbeat":""}' }), 25_000);
    });
  }
  send(): void {}
  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    clearInterval(this.beat);
    this.onclose?.();
  }
}

function answered(url: string, options: { signal: AbortSignal }): Promise<Response> {
  const way = url.includes("wait=") ? "long" : "poll";
  asked.push(way);
  const body = JSON.stringify({ events: [], cursor: 0 });
  return new Promise((done, failed) => {
    options.signal.addEventListener("abort", () => failed(new Error("aborted")));
    if (net[way] === "fails") failed(new Error("no"));
    else if (way === "poll") done(new Response(body));
    else setTimeout(() => done(new Response(body)), 25_000);
  });
}

function follow(connected: (yes: boolean) => void = () => undefined): Feed {
  const feed = new Feed("https://house", "visitor/1", "key", 0, {
    event: () => undefined, reload: () => undefined, connected,
  });
  feed.start();
  return feed;
}

function away(yes: boolean, closes = yes): void {
  net.socket = net.long = net.poll = yes ? "fails" : "works";
  if (closes) sockets.forEach((one) => one.close());
}

let feed: Feed;
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("fetch", answered);
  away(false);
  asked = [];
  sockets = [];
});
afterEach(() => {
  feed.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("the way that is taken", () => {
  it("is the socket again as soon as a server that was away is back", async () => {
    feed = follow();
    await vi.advanceTimersByTimeAsync(1_000);
    away(true);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(feed.way).not.toBe("socket");
    away(false);
    await vi.advanceTimersByTimeAsync(35_000);
    expect(feed.way).toBe("socket");
    asked = [];
    await vi.advanceTimersByTimeAsync(30_000);
    expect(asked).toEqual([]); // the socket stands: nothing is asked for
  });

  it("is the best one that is not blocked, and the blocked one is tried again after a while", async () => {
    net.socket = "fails";
    feed = follow();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(feed.way).toBe("long");
    expect(asked.filter((way) => way === "socket")).toHaveLength(2);
    expect(asked).not.toContain("poll");
    await vi.advanceTimersByTimeAsync(5 * 60_000);
    expect(asked.filter((way) => way === "socket")).toHaveLength(4);
    net.long = "fails";
    await vi.advanceTimersByTimeAsync(60_000);
    expect(feed.way).toBe("poll");
  });

  it("changes once when the network begins to block it, and not to and fro", async () => {
    feed = follow();
    await vi.advanceTimersByTimeAsync(1_000);
    net.socket = "fails";
    sockets.forEach((one) => one.close());
    await vi.advanceTimersByTimeAsync(120_000);
    expect(feed.way).toBe("long");
    expect(asked.filter((way) => way === "socket").length).toBeLessThan(6);
  });
});

describe("coming back after the server closed all sockets", () => {
  it("is spread over two seconds", async () => {
    const chances = [0.1, 0.9];
    const chance = vi.spyOn(Math, "random");
    const back: number[] = [];
    for (const one of chances) {
      chance.mockReturnValue(one);
      feed = follow();
      await vi.advanceTimersByTimeAsync(10);
      const begun = Date.now();
      asked = [];
      sockets[sockets.length - 1]!.close();
      while (asked.length === 0) await vi.advanceTimersByTimeAsync(10);
      back.push(Date.now() - begun);
      feed.stop();
    }
    chance.mockRestore();
    expect(back[0]).toBeCloseTo(200, -2);
    expect(back[1]).toBeCloseTo(1_800, -2);
  });
});

describe("a browser whose network is gone and back", () => {
  it("is told at once, and tries again at once", async () => {
    const browser = new EventTarget();
    vi.stubGlobal("addEventListener", browser.addEventListener.bind(browser));
    const told: boolean[] = [];
    feed = follow((yes) => told.push(yes));
    await vi.advanceTimersByTimeAsync(1_000);
    away(true, false); // nothing closes the socket
    browser.dispatchEvent(new Event("offline"));
    expect(told).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(120_000);
    away(false);
    asked = [];
    browser.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(10);
    expect(asked[0]).toBe("poll");
    expect(asked).toContain("socket"); // which is not blocked
  });
});
