import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useChat } from '../view/context.ts';
import { CloseIcon } from './icons.tsx';

interface Props {
  title: string;
  children: ComponentChildren;
}

/** A window above the page. The browser keeps the focus inside, closes it on Escape and gives the focus back. */
export function Dialog({ title, children }: Props) {
  const chat = useChat();
  const dialog = useRef<HTMLDialogElement>(null);

  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // By itself the focus would go to the button that closes it.
    element?.querySelector('input')?.focus();
    // Closing it before it leaves the page is what gives the focus back.
    return () => element?.close();
  }, []);

  const close = () => chat.showDialog(null);
  const clicked = (event: MouseEvent) => {
    // The dialog fills its own box, so a click on the dialog itself is one beside it.
    if (event.target === dialog.current) close();
  };
  const cancelled = (event: Event) => {
    // Closed by the browser, it would tell so a frame later, and a key pressed within that frame would be lost.
    event.preventDefault();
    close();
  };
  const closed = (event: Event) => {
    // That event comes a frame late here too: this dialog may have left the page, and the next one be shown.
    if ((event.currentTarget as Element).isConnected) close();
  };

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same
    <dialog
      ref={dialog}
      aria-labelledby="dialog-title"
      onCancel={cancelled}
      onClose={closed}
      onClick={clicked}
    >
      <div class="dialog-body">
        <header class="dialog-header">
          <h2 id="dialog-title">{title}</h2>
          <button class="icon-button" type="button" aria-label="Close" onClick={close}>
            <CloseIcon />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
