import { useRef } from 'preact/hooks';
import { PICTURE_TYPES } from '../state/pictures.ts';
import { useChat } from '../view/context.ts';
import { PictureIcon } from './icons.tsx';

export function PictureButton({ id }: { id: string }) {
  const chat = useChat();
  const input = useRef<HTMLInputElement>(null);
  const picked = () => {
    const field = input.current;
    for (const file of field?.files ?? []) chat.sending.sendPicture(id, file);
    // Else the same file could not be picked twice in a row.
    if (field) field.value = '';
  };
  return (
    <>
      <button
        class="icon-button"
        type="button"
        aria-label="Send a picture"
        title="Send a picture"
        onClick={() => input.current?.click()}
      >
        <PictureIcon />
      </button>
      <input ref={input} type="file" hidden multiple accept={PICTURE_TYPES.join(',')} onChange={picked} />
    </>
  );
}
