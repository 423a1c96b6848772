// The colour of text on an accent; the appliance chooses in the same way (`appliance/domain/look.py`).

const [WHITE, DARK] = ["#ffffff", "#1c2430"] as const;

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast ratio of two colours, 1 to 21 (WCAG 2.2). */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** The one of the two inks that is read better on `accent`. */
export const inkOn = (accent: string): string => (contrast(accent, WHITE) >= contrast(accent, DARK) ? WHITE : DARK);
