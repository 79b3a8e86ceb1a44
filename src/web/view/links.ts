export type TextPart = { text: string; href?: string };

const CANDIDATE = /https?:\/\/[^\s<>"'`]+/gi;
/** What ends a sentence rather than an address. */
const TRAILING = /[.,;:!?…)\]}*_]+$/;

/** Splits a text at its web addresses. Only `http:` and `https:` become links; everything else stays text. */
export function withLinks(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const address = withoutTrailing(match[0]);
    if (!isWebAddress(address)) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: address, href: address });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** A closing parenthesis belongs to the address where the address opened one, as in Wikipedia's. */
function withoutTrailing(candidate: string): string {
  const address = candidate.replace(TRAILING, '');
  const next = candidate.at(address.length);
  return next === ')' && address.includes('(') && !address.includes(')') ? `${address})` : address;
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
