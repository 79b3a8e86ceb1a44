import { useState } from 'preact/hooks';
import { explain } from '../state/explain.ts';
import { fetchToken, nameProblem } from '../state/session.ts';
import { Logo } from './icons.tsx';

/** Signing in by name, on a server that gives a token to anyone. */
export function SignIn({ onSignIn }: { onSignIn(name: string): void }) {
  const [name, setName] = useState(() => new URLSearchParams(location.search).get('user') ?? '');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const wrong = nameProblem(name.trim());
    setProblem(wrong);
    if (wrong || busy) return;
    setBusy(true);
    try {
      await fetchToken(name.trim());
      onSignIn(name.trim());
    } catch (error) {
      setProblem(explain(error));
      setBusy(false);
    }
  };

  return (
    <main class="sign-in">
      <form class="sign-in-card" onSubmit={submit} noValidate>
        <Logo />
        <h1>Welcome to Seqline</h1>
        <p class="muted">
          Enter a name to start. Open a second window with another name to talk to yourself.
        </p>
        <label class="field">
          <span>Your name</span>
          <input
            data-testid="sign-in-name"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            placeholder="alice"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            aria-invalid={problem !== undefined}
            aria-describedby="sign-in-problem"
            ref={(input) => {
              if (input && document.activeElement === document.body) input.focus();
            }}
          />
        </label>
        <p id="sign-in-problem" class="problem" role="alert">
          {problem}
        </p>
        <button class="button primary" type="submit" data-testid="sign-in-button" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
