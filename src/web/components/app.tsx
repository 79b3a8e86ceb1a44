import { useEffect, useState } from 'preact/hooks';
import { beginSession, endSession, nameProblem, type Session, storedSession } from '../state/session.ts';
import { SignIn } from './sign-in.tsx';
import { SignedIn } from './signed-in.tsx';

/** `?user=alice` signs in directly, which is handy for two windows side by side. */
function sessionOfAddress(): Session | undefined {
  const name = new URLSearchParams(location.search).get('user');
  if (name !== null && nameProblem(name) === undefined) return beginSession(sessionStorage, name);
  return storedSession(sessionStorage);
}

export function App() {
  const [session, setSession] = useState(sessionOfAddress);
  // A new number starts the same session anew, for example after another tab took it over.
  const [start, setStart] = useState(0);

  useEffect(() => {
    if (!session) document.title = 'Seqline';
  }, [session]);

  if (!session) return <SignIn onSignIn={(name) => setSession(beginSession(sessionStorage, name))} />;

  const signOut = () => {
    endSession(sessionStorage);
    history.replaceState(null, '', location.pathname);
    setSession(undefined);
  };
  return (
    <SignedIn
      key={`${session.userId} ${start}`}
      session={session}
      onSignOut={signOut}
      onRestart={() => setStart(start + 1)}
    />
  );
}
