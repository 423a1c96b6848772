// One question to the visitors' side of the REST interface.

const PATIENCE = 20_000; // milliseconds
const UPLOAD_PATIENCE = 300_000;

/** The server said no, in words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** One of docs/refusals.md, such as `file-too-large`. */
    readonly kind = "",
    readonly parameters: Record<string, unknown> = {},
  ) {
    super(message);
  }

  /** Seconds until the server takes it, where it says so. */
  get wait(): number {
    return Number(this.parameters.seconds) || 0;
  }

  /** An error's message is not kept by itself. */
  toJSON(): object {
    const { status, message, kind, parameters } = this;
    return { status, message, kind, parameters };
  }
}

/** A refusal as the server tells it. */
export interface Problem {
  status: number;
  detail: string;
  kind: string;
  parameters: Record<string, unknown>;
}

export function refused(status: number, told: Partial<Problem>): Refused {
  return new Refused(status, told.detail ?? "", told.kind, told.parameters);
}

/** `once`: a key for a creation that may be asked for again and is done once. */
export async function ask<T>(base: string, path: string, key: string, body?: unknown, once = ""): Promise<T> {
  const form = body instanceof FormData;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), form ? UPLOAD_PATIENCE : PATIENCE);
  try {
    const answer = await fetch(`${base}/api/v1/chat${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(body === undefined || form ? {} : { "Content-Type": "application/json" }),
        ...(once ? { "Idempotency-Key": once } : {}),
        ...(key ? { Authorization: `Bearer ${key}` } : {}),
      },
      body: body === undefined ? undefined : form ? body : JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: late.signal,
    });
    if (answer.ok) return (await answer.json()) as T;
    const told = (await answer.json().catch(() => ({}))) as Partial<Problem>;
    throw refused(answer.status, { detail: answer.statusText, ...told });
  } finally {
    clearTimeout(timer);
  }
}
