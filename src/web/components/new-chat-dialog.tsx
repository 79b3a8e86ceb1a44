import { useState } from 'preact/hooks';
import { directConversationId } from '../../protocol/ids.ts';
import { nameProblem } from '../state/session.ts';
import { useChat, useSelected } from '../view/context.ts';
import { navigate } from '../view/use-environment.ts';
import { Dialog } from './dialog.tsx';

export function NewChatDialog() {
  const chat = useChat();
  const userId = useSelected((state) => state.userId);
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<string>();

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const wrong = nameProblem(name.trim());
    setProblem(wrong);
    if (wrong) return;
    chat.showDialog(null);
    navigate(directConversationId(userId, name.trim()));
  };

  return (
    <Dialog title="New chat">
      <form onSubmit={submit} noValidate>
        <label class="field">
          <span>Whom do you want to write to?</span>
          <input
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            placeholder="bob"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-invalid={problem !== undefined}
            aria-describedby="new-chat-problem"
            data-testid="new-chat-name"
          />
        </label>
        <p id="new-chat-problem" class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-actions">
          <button class="button primary" type="submit" data-testid="new-chat-start">
            Start chat
          </button>
        </div>
      </form>
    </Dialog>
  );
}
