import { withLinks } from '../view/links.ts';

/** A text as its author wrote it; only web addresses become links. */
export function RichText({ text }: { text: string }) {
  return (
    <>
      {withLinks(text).map(({ text: part, href }) =>
        href ? (
          <a href={href} target="_blank" rel="noopener noreferrer">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </>
  );
}
