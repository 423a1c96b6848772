// Elements with attributes and what is inside; text is text.

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  facts: Record<string, string> = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** A drawing of lines, 24 by 24; not every machine has a font with pictures. */
export function icon(path: string): SVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", width: "20", height: "20", "aria-hidden": "true" })) {
    drawing.setAttribute(name, value);
  }
  drawing.append(line);
  return drawing;
}
