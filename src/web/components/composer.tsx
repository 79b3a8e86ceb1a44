import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { LIMITS } from '../../protocol/limits.ts';
import { useChat } from '../view/context.ts';
import { SendIcon } from './icons.tsx';
import { PictureButton } from './picture-button.tsx';

const encoder = new TextEncoder();
/** No character takes more bytes for each of its UTF-16 units, so a shorter text need not be measured. */
const UTF8_BYTES_PER_UNIT_MAX = 3;

/** Where one writes: Enter sends, Shift and Enter begin a new line, pictures can be pasted. */
export function Composer({ id }: { id: string }) {
  const chat = useChat();
  const [text, setText] = useState(() => chat.drafts.get(id) ?? '');
  const tooLong = isTooLong(text);
  const sendable = text.trim() !== '' && !tooLong;

  const write = (value: string) => {
    setText(value);
    chat.drafts.set(id, value);
    chat.typed(id, value.trim());
  };
  const send = () => {
    if (!sendable) return;
    chat.sending.sendText(id, text.trim());
    write('');
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    send();
  };

  return (
    <form class="composer" onSubmit={submit}>
      <div class="composer-field">
        <PictureButton id={id} />
        <TextField id={id} text={text} invalid={tooLong} onWrite={write} onSend={send} />
        <button
          class="send-button"
          type="submit"
          aria-label="Send"
          data-testid="send"
          disabled={!sendable}
          // Where a keyboard stands on the screen, it stays: the field keeps the focus.
          onPointerDown={(event) => event.preventDefault()}
        >
          <SendIcon />
        </button>
      </div>
      <p id="composer-problem" class="problem" role="alert">
        {tooLong && 'This is too long for one message.'}
      </p>
    </form>
  );
}

interface TextFieldProps {
  id: string;
  text: string;
  invalid: boolean;
  onWrite(text: string): void;
  onSend(): void;
}

/** As high as its text, up to a limit of the style sheet. */
function TextField({ id, text, invalid, onWrite, onSend }: TextFieldProps) {
  const chat = useChat();
  const field = useRef<HTMLTextAreaElement>(null);

  useLayoutEffect(() => {
    // On a phone the keyboard would cover what one came to read.
    if (matchMedia('(hover: hover) and (pointer: fine)').matches) field.current?.focus();
  }, []);
  useLayoutEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);

  const keyDown = (event: KeyboardEvent) => {
    // While an input method composes a character, Enter belongs to it.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    onSend();
  };
  const paste = (event: ClipboardEvent) => {
    const pictures = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith('image/'));
    if (pictures.length === 0) return;
    event.preventDefault();
    for (const picture of pictures) chat.sending.sendPicture(id, picture);
  };

  return (
    <textarea
      ref={field}
      rows={1}
      value={text}
      placeholder="Message"
      aria-label="Message"
      aria-invalid={invalid}
      aria-describedby="composer-problem"
      enterkeyhint="send"
      dir="auto"
      data-testid="composer"
      onInput={(event) => onWrite(event.currentTarget.value)}
      onKeyDown={keyDown}
      onPaste={paste}
    />
  );
}

function isTooLong(text: string): boolean {
  if (text.length * UTF8_BYTES_PER_UNIT_MAX <= LIMITS.textBytesMax) return false;
  return encoder.encode(text).length > LIMITS.textBytesMax;
}
