import { useState } from 'preact/hooks';
import { LIMITS } from '../../protocol/limits.ts';
import { explain } from '../state/explain.ts';
import { nameProblem } from '../state/session.ts';
import { useChat } from '../view/context.ts';
import { navigate } from '../view/use-environment.ts';
import { Dialog } from './dialog.tsx';
import { PeopleField } from './people-field.tsx';

export function NewGroupDialog() {
  const chat = useChat();
  const [name, setName] = useState('');
  const [people, setPeople] = useState<string[]>([]);
  const [pending, setPending] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    // Names that were typed but not added count too.
    const names = [...people, ...pending.split(/[\s,]+/).filter(Boolean)];
    const wrong = name.trim() === '' ? 'Give the group a name.' : names.map(nameProblem).find(Boolean);
    setProblem(wrong);
    if (wrong || busy) return;
    setBusy(true);
    try {
      const id = await chat.groups.createGroup(name.trim(), [...new Set(names)]);
      chat.showDialog(null);
      navigate(id);
    } catch (error) {
      setProblem(explain(error));
      setBusy(false);
    }
  };

  return (
    <Dialog title="New group">
      <form onSubmit={submit} noValidate>
        <label class="field">
          <span>Name of the group</span>
          <input
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            maxLength={LIMITS.nameCharsMax}
            placeholder="Weekend trip"
            autocomplete="off"
            aria-describedby="new-group-problem"
            data-testid="new-group-name"
          />
        </label>
        <PeopleField people={people} onChange={setPeople} pending={pending} onPending={setPending} />
        <p id="new-group-problem" class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-actions">
          <button class="button primary" type="submit" disabled={busy} data-testid="new-group-create">
            {busy ? 'Creating…' : 'Create group'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
