// The REST interface, with the types of its own description: `/api/openapi.json`, written to
// description.d.ts by tests/unit/appliance/web/test_desk_code.py, which also checks all of this.

import { sentence, type Told } from "../refusals/sentence";
import { settings } from "../settings";
import { heardDate } from "../stores/clock";
import { tell } from "../stores/connection";
import { afterPresses } from "../ui/picture";
import type { components, paths } from "./description";

export type Kind = components["schemas"]["Problem"]["kind"];
export type FieldProblem = components["schemas"]["FieldProblem"];

/** The server said no; `message` says it in the reader's language. */
export class Refused extends Error {
  override name = "Refused";

  constructor(
    readonly status: number,
    /** One of docs/refusals.md, such as `team-taken`. */
    readonly kind: Kind | "",
    detail: string,
    readonly parameters: Record<string, unknown> = {},
    /** With `invalid`: what is wrong with each field or parameter. */
    readonly errors: FieldProblem[] = [],
  ) {
    super(detail);
  }

  /** The inputs that are wrong, by the interface's names. */
  get wrong(): string[] {
    return this.errors.map((one) => one.where);
  }
}

/** Nobody answered, or nobody who could. The same may be asked again. */
export class Unreached extends Error {
  override name = "Unreached";

  constructor(
    message = "",
    /** Seconds until it is taken, where the server says so; else 0. */
    readonly wait = 0,
  ) {
    super(message);
  }
}

type Method = "get" | "post" | "patch" | "put" | "delete";
type Of<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, object> ? P : never }[keyof paths];
type Operation<M extends Method, P extends keyof paths> = paths[P] extends Record<M, infer O> ? O : never;
type Content<R> = R extends { content: { "application/json": infer T } } ? T : void;
type Good<R> = R extends { 200: infer A } ? Content<A> : R extends { 201: infer A } ? Content<A> : void;
/** What an operation answers when all is well. */
export type Answer<M extends Method, P extends keyof paths> =
  Operation<M, P> extends { responses: infer R } ? Good<R> : void;
type Body<M extends Method, P extends keyof paths> =
  Operation<M, P> extends { requestBody?: { content: { "application/json": infer B } } } ? B : never;

export interface Asked<B> {
  path?: Record<string, string | number>;
  query?: Record<string, string | number | boolean | undefined>;
  body?: B;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

const TIME_OUT = 20_000; // milliseconds
let newest = "";

/** What shows that a change is asked by this page. */
export function token(): string {
  return newest || settings().csrf;
}

export function get<P extends Of<"get">>(path: P, asked: Asked<never> = {}): Promise<Answer<"get", P>> {
  return send("get", path, asked) as Promise<Answer<"get", P>>;
}

export function post<P extends Of<"post">>(
  path: P,
  asked: Asked<Body<"post", P>> = {},
): Promise<Answer<"post", P>> {
  return send("post", path, asked) as Promise<Answer<"post", P>>;
}

export function patch<P extends Of<"patch">>(
  path: P,
  asked: Asked<Body<"patch", P>>,
): Promise<Answer<"patch", P>> {
  return send("patch", path, asked) as Promise<Answer<"patch", P>>;
}

export function put<P extends Of<"put">>(
  path: P,
  asked: Asked<Body<"put", P>>,
): Promise<Answer<"put", P>> {
  return send("put", path, asked) as Promise<Answer<"put", P>>;
}

export function remove<P extends Of<"delete">>(
  path: P,
  asked: Asked<never> = {},
): Promise<Answer<"delete", P>> {
  return send("delete", path, asked) as Promise<Answer<"delete", P>>;
}

export function address(path: string, asked: Asked<unknown>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = asked.path?.[name];
    if (value === undefined) throw new Error(`${path} needs ${name}`);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${filled}?${text}` : filled;
}

async function send(method: Method, path: string, asked: Asked<unknown>): Promise<unknown> {
  const answer = await once(method, path, asked);
  if (answer.status === 401) {
    leave();
    throw new Refused(401, "unauthorized", "");
  }
  // Answers nothing to a body that is none: a proxy's page, or a server that is just starting.
  const told = (await answer.json().catch(() => null)) as Record<string, unknown> | null;
  await new Promise<void>(afterPresses);
  if (answer.status === 204) return undefined;
  if (answer.ok && told === null) throw new Unreached(); // cut off: the server died while it answered
  if (answer.ok) return told;
  if (answer.status >= 502 || answer.status === 429) {
    throw new Unreached(String(told?.detail ?? ""), Number(answer.headers.get("Retry-After")) || 0);
  }
  const refused: Told = {
    kind: String(told?.kind ?? ""),
    detail: String(told?.detail ?? told?.message ?? answer.statusText),
    parameters: (told?.parameters ?? {}) as Told["parameters"],
    errors: (told?.errors ?? []) as FieldProblem[],
  };
  throw new Refused(answer.status, refused.kind as Kind | "", await sentence(refused), refused.parameters, refused.errors as FieldProblem[]);
}

async function once(method: Method, path: string, asked: Asked<unknown>): Promise<Response> {
  const late = AbortSignal.timeout(TIME_OUT);
  const form = asked.body instanceof FormData;
  try {
    const answer = await fetch(address(path, asked), {
      method: method.toUpperCase(),
      headers: {
        Accept: "application/json",
        ...(method === "get" ? {} : { "X-CSRF-Token": token() }),
        ...(asked.body === undefined || form ? {} : { "Content-Type": "application/json" }),
        ...asked.headers,
      },
      body: asked.body === undefined ? undefined : form ? (asked.body as FormData) : JSON.stringify(asked.body),
      cache: "no-store",
      signal: asked.signal ? AbortSignal.any([late, asked.signal]) : late,
    });
    tell("rest", answer.status < 502);
    heardDate(answer.headers.get("Date"));
    newest = answer.headers.get("X-CSRF-Token") ?? newest;
    return answer;
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    tell("rest", false);
    throw new Unreached();
  }
}

/** The session is over: sign in again, and come back to where we are. */
export function leave(): void {
  const here = location.pathname + location.search;
  location.assign(`/sign-in?next=${encodeURIComponent(here)}`);
}
