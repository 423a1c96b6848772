// A flow's form, as the server shows and takes it (docs/telephony.md), and its picture.

export type Kind = "play" | "menu" | "hours" | "queue" | "voicemail" | "callback" | "transfer" | "hang_up";
export interface Said {
  text?: string;
  language?: string;
  recording?: number;
}
export interface FlowStep {
  kind: Kind;
  say?: Said[];
  queue?: number;
  agent?: number;
  keys?: Record<string, string>;
  ways?: Record<string, string>;
  tries?: number;
  seconds?: number;
}
export interface FlowForm {
  start: string;
  steps: Record<string, FlowStep>;
}
export interface Trouble {
  step: string;
  what: string;
  blanks: Record<string, unknown>;
  sentence: string;
}

/** What each kind has: see appliance/domain/telephony/flow_check.py. */
export const PARTS: Record<Kind, { say?: boolean; queue?: boolean; agent?: boolean; keys?: boolean; ways: string[] }> = {
  play: { say: true, ways: ["next"] },
  menu: { say: true, keys: true, ways: ["otherwise"] },
  hours: { queue: true, ways: ["open", "closed"] },
  queue: { queue: true, ways: ["otherwise"] },
  voicemail: { say: true, queue: true, ways: [] },
  callback: { queue: true, ways: ["otherwise"] },
  transfer: { queue: true, agent: true, ways: [] },
  hang_up: { say: true, ways: [] },
};
export const KINDS = Object.keys(PARTS) as Kind[];
export const KEYS = [..."1234567890*#"];

/** A new step of a kind, with what it needs still empty. */
export function newStep(kind: Kind, language: string, queue: number): FlowStep {
  const parts = PARTS[kind];
  return {
    kind,
    ...(parts.say ? { say: kind === "hang_up" ? [] : [{ text: "", language }] } : {}),
    ...(parts.queue ? { queue } : {}),
    ...(parts.keys ? { keys: {}, tries: 3, seconds: 5 } : {}),
    ways: {},
  };
}

/** What is sent: without the ways and texts that nobody has filled in. */
export function plain(form: FlowForm): FlowForm {
  const filled = (of: Record<string, string> | undefined): Record<string, string> => Object.fromEntries(Object.entries(of ?? {}).filter(([, to]) => to));
  const steps = Object.entries(form.steps).map(([name, step]) => [name, {
    ...step,
    ...(step.say ? { say: step.say.filter((one) => one.recording || one.text?.trim()).map((one) => (one.recording ? { recording: one.recording } : { text: one.text, language: one.language })) } : {}),
    ...(step.keys ? { keys: filled(step.keys) } : {}),
    ways: filled(step.ways),
  }] as const);
  return { start: form.start, steps: Object.fromEntries(steps) };
}

/** The form with a step called otherwise, wherever it is named. */
export function renamed(form: FlowForm, old: string, name: string): FlowForm {
  const to = (one: string): string => (one === old ? name : one);
  const all = (of: Record<string, string> | undefined): Record<string, string> => Object.fromEntries(Object.entries(of ?? {}).map(([way, step]) => [way, to(step)]));
  const steps = Object.entries(form.steps).map(([one, step]) => [to(one), { ...step, ...(step.keys ? { keys: all(step.keys) } : {}), ways: all(step.ways) }]);
  return { start: to(form.start), steps: Object.fromEntries(steps) as Record<string, FlowStep> };
}

export interface Box {
  name: string;
  kind: Kind;
  x: number;
  y: number;
}
export interface Line {
  from: string;
  to: string;
  /** A key, or the name of a way. */
  label: string;
  key: boolean;
}
export interface Picture {
  boxes: Box[];
  lines: Line[];
  width: number;
  height: number;
}
/** One step of a walk, and what led on: a key, or what happened. */
export interface Stop {
  step: string;
  did: string;
}

/** Whether a walk went this way; a key and what happens without one may lead to the same step. */
export function wentAlong(line: Line, lines: Line[], stops: Stop[]): boolean {
  const keyed = (did: string): boolean => lines.some((one) => one.key && one.from === line.from && one.label === did);
  return stops.some((one, n) => one.step === line.from && stops[n + 1]?.step === line.to && (line.key ? one.did === line.label : !keyed(one.did)));
}
export const BOX = { width: 132, height: 44, across: 152, down: 96 };

/** Boxes in rows, each below the first step that leads to it; what nothing leads to stands last. */
export function picture(form: FlowForm): Picture {
  const depth = new Map<string, number>();
  const left = form.steps[form.start] ? [form.start] : [];
  if (left[0]) depth.set(left[0], 0);
  const lines: Line[] = [];
  for (const [name, step] of Object.entries(form.steps)) {
    for (const [key, to] of Object.entries(step.keys ?? {})) if (form.steps[to]) lines.push({ from: name, to, label: key, key: true });
    for (const [way, to] of Object.entries(step.ways ?? {})) if (form.steps[to]) lines.push({ from: name, to, label: way, key: false });
  }
  while (left.length) {
    const name = left.shift() as string;
    for (const line of lines) {
      if (line.from !== name || depth.has(line.to)) continue;
      depth.set(line.to, (depth.get(name) ?? 0) + 1);
      left.push(line.to);
    }
  }
  const last = Math.max(-1, ...depth.values()) + 1;
  const rows: string[][] = [];
  for (const name of Object.keys(form.steps)) (rows[depth.get(name) ?? last] ??= []).push(name);
  const width = Math.max(1, ...rows.map((row) => row?.length ?? 0)) * BOX.across;
  const boxes = rows.flatMap((row, y) => (row ?? []).map((name, n) => ({
    name,
    kind: (form.steps[name] as FlowStep).kind,
    x: Math.round(width / 2 + (n - (row.length - 1) / 2) * BOX.across),
    y: y * BOX.down + BOX.height / 2 + 8,
  })));
  return { boxes, lines, width, height: rows.length * BOX.down };
}

/** The same, with its steps as the picture has them: JSON's are in the order of their names. */
export function inOrder(form: FlowForm): FlowForm {
  return { ...form, steps: Object.fromEntries(picture(form).boxes.map((box) => [box.name, form.steps[box.name] as FlowStep])) };
}
