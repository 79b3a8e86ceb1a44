import { CLOSES } from '../../protocol/codes.ts';
import { Logo } from './icons.tsx';

interface Props {
  code: number;
  reason: string;
  onSignOut(): void;
  onRestart(): void;
}

/** The session was ended for good: there is nothing to wait for, only something to choose. */
export function Ended({ code, reason, onSignOut, onRestart }: Props) {
  const takenOver = code === CLOSES.taken_over.code;
  return (
    <main class="sign-in">
      <section class="sign-in-card" role="alert">
        <Logo />
        <h1>{takenOver ? 'Opened somewhere else' : 'The session has ended'}</h1>
        <p class="muted">
          {takenOver
            ? 'Another tab uses this session now. You can take it back.'
            : reason || `The server ended it (${code}).`}
        </p>
        <button class="button primary" type="button" onClick={onRestart}>
          {takenOver ? 'Use it here' : 'Try again'}
        </button>
        <button class="button" type="button" onClick={onSignOut}>
          Sign out
        </button>
      </section>
    </main>
  );
}
