// A form over what others edit, too: what I left alone follows them, what I changed stays, and theirs stands beside it.

export interface Form<V> {
  mine: Record<string, V>;
  /** As it was kept when I saw it last. */
  saw: Record<string, V>;
  /** What somebody else gave to what I changed; `told`: that I was stopped once, and go on knowing it. */
  theirs: Record<string, { value: V | undefined; told: boolean }>;
}

export function formOf<V>(kept: Record<string, V>): Form<V> {
  return { mine: { ...kept }, saw: { ...kept }, theirs: {} };
}

function put<V>(form: Form<V>, key: string, value: V | undefined): void {
  if (value === undefined) delete form.mine[key];
  else form.mine[key] = value;
  delete form.theirs[key];
}

/** It is kept so from now on. */
export function follow<V>(form: Form<V>, kept: Record<string, V>): void {
  for (const key of new Set([...Object.keys(form.saw), ...Object.keys(kept)])) {
    const [mine, is] = [form.mine[key], kept[key]];
    if (is === form.saw[key]) continue;
    if (mine === form.saw[key] || mine === is) put(form, key, is);
    else form.theirs[key] = { value: is, told: false };
  }
  form.saw = { ...kept };
}

/** What I changed of these is kept now, and stands as it does there: a confidential one hidden. */
export function settle<V>(form: Form<V>, keys: readonly string[], kept: Record<string, V>): void {
  for (const key of keys) {
    put(form, key, kept[key]);
    if (key in kept) form.saw[key] = kept[key]!;
    else delete form.saw[key];
  }
}

/** Theirs, where mine is another. */
export function besides<V>(form: Form<V>, key: string): { value: V | undefined; told: boolean } | undefined {
  const found = form.theirs[key];
  return found && found.value !== form.mine[key] ? found : undefined;
}

export function take<V>(form: Form<V>, key: string): void {
  put(form, key, form.theirs[key]?.value);
}

/** What I changed of these, and nothing that would overwrite what I was not told of; null takes a value away. */
export function changes<V>(form: Form<V>, keys: readonly string[]): Record<string, V | null> {
  const changed = keys.filter((key) => form.mine[key] !== form.saw[key] && besides(form, key)?.told !== false);
  return Object.fromEntries(changed.map((key) => [key, form.mine[key] ?? null]));
}

/** Whether there is something of others that I was not stopped for yet; from now on I was. */
export function stops<V>(form: Form<V>): boolean {
  const fresh = Object.keys(form.theirs).filter((key) => besides(form, key)?.told === false);
  for (const key of fresh) form.theirs[key]!.told = true;
  return fresh.length > 0;
}
