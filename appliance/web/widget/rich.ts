// Words with links that can be clicked. Everything is a text node; an address is a link only when
// the browser itself reads it as one of a web page.

const ADDRESS = /https?:\/\/[^\s<>"'`，。；：！？（）【】《》“”]+/gi;
const AFTER = /[.,;:!?)\]}'"]+$/; // belongs to the sentence, not to the address

export function rich(text: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const plain = found[0].replace(AFTER, "");
    const href = page(plain);
    if (!href) continue;
    const link = document.createElement("a");
    link.href = href;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow ugc";
    link.textContent = plain;
    parts.push(text.slice(from, found.index), link);
    from = found.index + plain.length;
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== "");
}

function page(text: string): string {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : "";
  } catch {
    return "";
  }
}
