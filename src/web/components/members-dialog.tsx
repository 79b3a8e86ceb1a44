import { useState } from 'preact/hooks';
import { explain } from '../state/explain.ts';
import { nameProblem } from '../state/session.ts';
import { useChat, useSelected } from '../view/context.ts';
import { navigate } from '../view/use-environment.ts';
import { Avatar } from './avatar.tsx';
import { Dialog } from './dialog.tsx';

/** Who is in a group; anybody in it may add people and leave. */
export function MembersDialog({ id }: { id: string }) {
  const chat = useChat();
  const details = useSelected((state) => state.groups[id]);
  const [problem, setProblem] = useState<string>();

  const attempt = async (action: () => Promise<void>) => {
    try {
      setProblem(undefined);
      await action();
    } catch (error) {
      setProblem(explain(error));
    }
  };

  const leave = async () => {
    await chat.groups.leaveGroup(id);
    chat.showDialog(null);
    navigate(null);
  };

  return (
    <Dialog title="Members">
      <AddMember id={id} attempt={attempt} />
      <p class="problem" role="alert">
        {problem}
      </p>
      <MemberList id={id} />
      {details?.cursor && (
        <button class="button" type="button" onClick={() => attempt(() => chat.groups.loadMoreMembers(id))}>
          Show more
        </button>
      )}
      <div class="dialog-actions">
        <LeaveButton onLeave={() => attempt(leave)} />
      </div>
    </Dialog>
  );
}

function MemberList({ id }: { id: string }) {
  const members = useSelected((state) => state.groups[id]?.members);
  const presence = useSelected((state) => state.presence);
  const userId = useSelected((state) => state.userId);
  if (!members) return <p class="muted">Loading…</p>;
  return (
    <ul class="members">
      {members.map((member) => (
        <li key={member.user_id} data-testid="member">
          <Avatar
            id={member.user_id}
            name={member.user_id}
            size="small"
            online={presence[member.user_id]?.online === true}
          />
          <span class="member-name">
            {member.user_id}
            {member.user_id === userId && <span class="muted"> (you)</span>}
          </span>
          {member.role !== 'member' && <span class="role">{member.role}</span>}
        </li>
      ))}
    </ul>
  );
}

function AddMember({ id, attempt }: { id: string; attempt(action: () => Promise<void>): Promise<void> }) {
  const chat = useChat();
  const [name, setName] = useState('');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void attempt(async () => {
      const wrong = nameProblem(name.trim());
      if (wrong) throw new Error(wrong);
      await chat.groups.addMember(id, name.trim());
      setName('');
    });
  };
  return (
    <form class="add-member" onSubmit={submit} noValidate>
      <input
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
        placeholder="Add by name"
        aria-label="Name of the person to add"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        data-testid="add-member-name"
      />
      <button class="button" type="submit" data-testid="add-member">
        Add
      </button>
    </form>
  );
}

/** Asks once more in place: leaving cannot be taken back by the one who left. */
function LeaveButton({ onLeave }: { onLeave(): void }) {
  const [asked, setAsked] = useState(false);
  return (
    <button
      class="button danger"
      type="button"
      onClick={() => (asked ? onLeave() : setAsked(true))}
      onBlur={() => setAsked(false)}
      data-testid="leave-group"
    >
      {asked ? 'Really leave?' : 'Leave group'}
    </button>
  );
}
