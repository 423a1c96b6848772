// Commands over the feed's WebSocket: each is answered under its own id, after the commit.

import type { Problem } from "./ask";

export interface Answer {
  id?: string;
  answer?: unknown;
  /** As REST has it. */
  problem?: Problem;
}

const PATIENCE = 20_000; // milliseconds, as for a POST

export class Commands {
  private socket: WebSocket | null = null;
  private readonly waiting = new Map<string, (told: Answer | null) => void>();

  opened(socket: WebSocket): void {
    this.socket = socket;
  }

  /** What was not answered fails, and may have been done: it is asked for again under its own key. */
  closed(): void {
    this.socket = null;
    for (const done of [...this.waiting.values()]) done(null);
  }

  /** Whether the frame was an answer. */
  take(told: Answer): boolean {
    if (told.id === undefined) return false;
    this.waiting.get(told.id)?.(told);
    return true;
  }

  /** null: there is no socket; ask by POST. */
  send(doing: string, id: string, given: unknown): Promise<Answer> | null {
    const socket = this.socket;
    if (socket?.readyState !== WebSocket.OPEN) return null;
    return new Promise((done, failed) => {
      const end = (told: Answer | null): void => {
        clearTimeout(timer);
        this.waiting.delete(id);
        if (told) done(told);
        else failed(new Error("no answer"));
      };
      const timer = setTimeout(() => end(null), PATIENCE);
      this.waiting.set(id, end);
      socket.send(JSON.stringify({ do: doing, id, with: given }));
    });
  }
}
