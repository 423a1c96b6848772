// Keys as people read them on their keyboard.

const NAMES: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→" };

export function keyNames(keys: string): string[] {
  return keys.split("+").map((one) => NAMES[one] ?? (one.length === 1 ? one.toUpperCase() : one));
}
