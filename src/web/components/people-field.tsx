import { useState } from 'preact/hooks';
import { nameProblem } from '../state/session.ts';
import { CloseIcon } from './icons.tsx';

interface Props {
  people: readonly string[];
  onChange(people: string[]): void;
  /** What is typed and not yet added; the form adds it when it is sent. */
  pending: string;
  onPending(text: string): void;
}

/** Collects names: Enter, a comma or a space adds one, and each can be taken away again. */
export function PeopleField({ people, onChange, pending, onPending }: Props) {
  const [problem, setProblem] = useState<string>();

  const add = () => {
    const wrong = nameProblem(pending.trim());
    setProblem(wrong);
    if (wrong) return;
    onChange([...new Set([...people, pending.trim()])]);
    onPending('');
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.isComposing || pending.trim() === '' || !['Enter', ',', ' '].includes(event.key)) return;
    event.preventDefault();
    add();
  };

  return (
    <div class="field">
      <label for="people-field">People</label>
      {people.length > 0 && (
        <ul class="chips" aria-label="People to add">
          {people.map((name) => (
            <li class="chip" key={name}>
              {name}
              <button
                type="button"
                aria-label={`Remove ${name}`}
                onClick={() => onChange(people.filter((other) => other !== name))}
              >
                <CloseIcon />
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        id="people-field"
        value={pending}
        onInput={(event) => onPending(event.currentTarget.value)}
        onKeyDown={keyDown}
        placeholder={people.length === 0 ? 'bob, carol' : 'Add another'}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby="people-problem"
        data-testid="people-field"
      />
      <p id="people-problem" class="problem" role="alert">
        {problem}
      </p>
    </div>
  );
}
