import { useEffect, useState } from 'preact/hooks';
import { conversationType } from '../../protocol/ids.ts';
import { useChat, useSelected } from '../view/context.ts';
import { ChatHeader } from './chat-header.tsx';
import { Composer } from './composer.tsx';
import { MessageLog } from './message-log.tsx';

/** One conversation: its header, its messages and the composer. Pictures can be dropped anywhere on it. */
export function ChatView({ id }: { id: string }) {
  const chat = useChat();
  const phase = useSelected((state) => state.timelines[id]?.phase);
  const problem = useSelected((state) => state.timelines[id]?.problem);
  const [dragging, setDragging] = useState(false);

  useEffect(() => {
    // Without its details a group still works; its header then says less.
    if (conversationType(id) === 'group') chat.groups.loadGroup(id).catch(() => undefined);
  }, [chat, id]);

  const bringsFiles = (event: DragEvent) =>
    phase === 'ready' && event.dataTransfer?.types.includes('Files') === true;
  const dragOver = (event: DragEvent) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    setDragging(true);
  };
  const dragLeave = (event: DragEvent) => {
    const to = event.relatedTarget;
    if (!(to instanceof Node) || !(event.currentTarget as Node).contains(to)) setDragging(false);
  };
  const drop = (event: DragEvent) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    setDragging(false);
    for (const file of event.dataTransfer?.files ?? []) chat.sending.sendPicture(id, file);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has its equal in the button for pictures
    <div class="chat" onDragOver={dragOver} onDragLeave={dragLeave} onDrop={drop}>
      <ChatHeader id={id} />
      {phase === 'failed' ? (
        <div class="chat-problem" role="alert">
          <p>{problem}</p>
          <button class="button" type="button" onClick={() => chat.reading.loadNewest(id)}>
            Try again
          </button>
        </div>
      ) : (
        <>
          <MessageLog id={id} />
          <Composer id={id} />
        </>
      )}
      {dragging && <div class="drop-hint">Drop pictures to send them</div>}
    </div>
  );
}
