// The telephone itself: SIP and voice, by JsSIP. Loaded when somebody turns it on, and not before.

import JsSIP from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { IncomingRTCSessionEvent, UA } from "jssip/lib/UA";

import type { Devices } from "./devices";
import { heard, judge, type Heard, type Quality } from "./quality";

/** What the appliance gave for this session of the desk. */
export interface Access {
  name: string;
  realm: string;
  proof: string;
  socket: string;
  echo: string;
}

export type Ready = "away" | "ready" | "refused";
export type Line = "none" | "rings" | "speaks";

export interface Told {
  ready(state: Ready): void;
  /** The appliance closed the connection for good. */
  closed(code: number): void;
  line(state: Line, atOnce: boolean): void;
  streams(mine: MediaStream | null, theirs: MediaStream | null): void;
  quality(quality: Quality): void;
  trouble(why: "microphone" | "failed"): void;
}

const DOMAIN = "callstead.invalid"; // SIP wants one; the switch looks at the name alone
const OFTEN = 2000; // milliseconds between two looks at the line
const FOR_GOOD = new Set([4401, 4409]);
const TONE = { duration: 120, interToneGap: 80, transportType: "RFC2833" };

export class Softphone {
  private readonly ua: UA;
  private readonly sound = new Audio();
  private session: RTCSession | null = null;
  private own: MediaStreamTrack | null = null; // another microphone than the call began with: JsSIP does not let it go
  private timer = 0;
  private before: Heard | null = null;
  private stopped = false;
  // The switch would notice by the silence alone, and the other side listen to it until then.
  private readonly leaves = (): void => this.stop();

  constructor(
    private readonly access: Access,
    private devices: Devices,
    private readonly told: Told,
  ) {
    const url = new URL(access.socket, location.origin);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(url.href)],
      uri: `sip:${access.name}@${DOMAIN}`,
      authorization_user: access.name,
      realm: access.realm,
      ha1: access.proof,
      register_expires: 90,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 5,
      user_agent: "Callstead",
    });
    // It signs out after it was stopped: that is no news to whoever turned it off.
    const ready = (state: Ready): void => {
      if (!this.stopped) told.ready(state);
    };
    this.ua.on("registered", () => ready("ready"));
    this.ua.on("unregistered", () => ready("away"));
    this.ua.on("registrationFailed", () => ready("refused"));
    this.ua.on("disconnected", ({ code }) => {
      ready("away");
      if (this.stopped || code === undefined || !FOR_GOOD.has(code)) return;
      this.ua.stop();
      told.closed(code);
    });
    this.ua.on("newRTCSession", (event: { originator: string }) => {
      if (event.originator === "remote") this.arrived(event as IncomingRTCSessionEvent);
    });
    this.sound.autoplay = true;
  }

  start(): void {
    addEventListener("pagehide", this.leaves);
    this.ua.start();
  }

  stop(): void {
    removeEventListener("pagehide", this.leaves);
    this.stopped = true;
    this.hangUp();
    this.ua.stop();
    this.over();
  }

  answer(): void {
    if (this.session?.isInProgress() && this.session.direction === "incoming") this.session.answer(this.media());
  }

  hangUp(): void {
    if (this.session && !this.session.isEnded()) this.session.terminate();
  }

  echo(): void {
    if (this.session) return;
    this.take(this.ua.call(`sip:${this.access.echo}@${DOMAIN}`, this.media()), "speaks", false);
  }

  mute(on: boolean): void {
    if (on) this.session?.mute({ audio: true });
    else this.session?.unmute({ audio: true });
  }

  press(key: string): void {
    this.session?.sendDTMF(key, TONE as never);
  }

  /** Others are used at once, in the call that goes on, too. Raises what the browser says of a microphone that cannot be used. */
  async use(devices: Devices): Promise<void> {
    const another = devices.microphone !== this.devices.microphone;
    this.devices = devices;
    await this.listenOn(devices.speaker);
    const session = this.session;
    const sender = session?.connection?.getSenders().find((one) => one.track?.kind === "audio");
    if (!sender?.track || (!another && sender.track.readyState === "live")) return;
    const track = (await navigator.mediaDevices.getUserMedia(this.media().mediaConstraints)).getAudioTracks()[0];
    if (!track) return;
    if (session !== this.session) return track.stop(); // it ended meanwhile
    track.enabled = sender.track.enabled;
    sender.track.stop();
    this.own = track;
    await sender.replaceTrack(track);
    this.tellStreams();
  }

  private arrived(event: IncomingRTCSessionEvent): void {
    if (this.session && !this.session.isEnded()) {
      event.session.terminate({ status_code: 486 });
      return;
    }
    const atOnce = /answer-after=0/.test(event.request.getHeader("Call-Info") ?? "");
    this.take(event.session, "rings", atOnce);
    if (atOnce) this.answer();
  }

  private take(session: RTCSession, state: Line, atOnce: boolean): void {
    this.session = session;
    this.told.line(state, atOnce);
    const connected = (line: RTCPeerConnection): void => {
      line.addEventListener("track", (event) => {
        this.sound.srcObject = event.streams[0] ?? new MediaStream([event.track]);
        this.tellStreams();
      });
    };
    if (session.connection) connected(session.connection);
    else session.on("peerconnection", ({ peerconnection }) => connected(peerconnection));
    session.on("accepted", () => this.speaks());
    session.on("getusermediafailed", () => this.told.trouble("microphone"));
    session.on("failed", ({ originator, cause }) => {
      if (originator !== "remote" && cause !== "Canceled") this.told.trouble("failed");
      this.over(session);
    });
    session.on("ended", () => this.over(session));
  }

  private speaks(): void {
    this.told.line("speaks", false);
    this.before = null;
    void this.listenOn(this.devices.speaker);
    this.tellStreams();
    clearInterval(this.timer);
    this.timer = window.setInterval(() => void this.look(), OFTEN);
  }

  private async look(): Promise<void> {
    const report = await this.session?.connection?.getStats();
    if (!report) return;
    const now = heard(report.values());
    this.told.quality(judge(now, this.before));
    this.before = now;
  }

  private over(which = this.session): void {
    if (which !== this.session) return;
    clearInterval(this.timer);
    this.session = null;
    this.own?.stop();
    this.own = null;
    this.sound.srcObject = null;
    this.told.streams(null, null);
    this.told.line("none", false);
  }

  private tellStreams(): void {
    const track = this.session?.connection?.getSenders().find((one) => one.track?.kind === "audio")?.track;
    this.told.streams(track ? new MediaStream([track]) : null, this.sound.srcObject as MediaStream | null);
  }

  private async listenOn(speaker: string): Promise<void> {
    // Not every browser has a choice of speakers; one that was pulled out just now is no reason to be silent.
    if ("setSinkId" in this.sound) await this.sound.setSinkId(speaker).catch(() => undefined);
  }

  private media(): { mediaConstraints: MediaStreamConstraints; pcConfig: RTCConfiguration } {
    const { microphone } = this.devices;
    // Not `ideal`: Chromium may take another one then, although the chosen one is there.
    const audio = microphone ? { deviceId: { exact: microphone } } : true;
    return { mediaConstraints: { audio, video: false }, pcConfig: { iceServers: [] } };
  }
}
