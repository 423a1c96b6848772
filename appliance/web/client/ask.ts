// One question to the visitors' side of the REST interface.

const PATIENCE = 20_000; // milliseconds
const UPLOAD_PATIENCE = 300_000;

/** The server said no, in words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** Stable words for programs, such as `not-taken` and `size`. */
    readonly type = "",
    readonly reason = "",
  ) {
    super(message);
  }

  /** An error's message is not kept by itself. */
  toJSON(): object {
    const { status, message, type, reason } = this;
    return { status, message, type, reason };
  }
}

export async function ask<T>(base: string, path: string, key: string, body?: unknown): Promise<T> {
  const form = body instanceof FormData;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), form ? UPLOAD_PATIENCE : PATIENCE);
  try {
    const answer = await fetch(`${base}/api/v1/chat${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(body === undefined || form ? {} : { "Content-Type": "application/json" }),
        ...(key ? { Authorization: `Bearer ${key}` } : {}),
      },
      body: body === undefined ? undefined : form ? body : JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: late.signal,
    });
    if (answer.ok) return (await answer.json()) as T;
    const told = (await answer.json().catch(() => ({}))) as Record<string, string | undefined>;
    throw new Refused(answer.status, told.detail ?? answer.statusText, told.type, told.reason);
  } finally {
    clearTimeout(timer);
  }
}
