import { useState } from 'preact/hooks';
import { useChat } from '../view/context.ts';
import type { Entry } from '../view/rows.ts';

/** A picture of a message: from this computer where this page sent it, else from the server. */
export function Picture({ entry }: { entry: Entry }) {
  const chat = useChat();
  const [broken, setBroken] = useState(false);
  const href = pictureUrl(entry.content);
  const source = chat.sending.previewOf(entry.msgId) ?? href;
  if (!source || broken)
    return <span class="bubble-text picture-missing">This picture cannot be shown.</span>;
  const label = entry.own ? 'Picture from you' : `Picture from ${entry.senderId}`;
  const image = <img src={source} alt={label} decoding="async" onError={() => setBroken(true)} />;
  if (!href) return image;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {image}
    </a>
  );
}

/** The address is relative to the server where an upload gave it. Nothing but the web's own schemes is followed. */
function pictureUrl(content: string): string | undefined {
  if (content === '' || !URL.canParse(content, location.origin)) return undefined;
  const url = new URL(content, location.origin);
  return url.protocol === 'https:' || url.origin === location.origin ? url.href : undefined;
}
