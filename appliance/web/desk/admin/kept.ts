// A key for programs from the name that people read: letters and digits of ASCII; else numbered.

export function keyFrom(names: Record<string, string>, taken: readonly string[]): string {
  const plain = (names.en ?? "").normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[_0-9]+|_+$/g, "").slice(0, 34);
  const base = plain || "field";
  if (plain && !taken.includes(plain)) return plain;
  for (let n = plain ? 2 : 1; ; n += 1) if (!taken.includes(`${base}_${n}`)) return `${base}_${n}`;
}
