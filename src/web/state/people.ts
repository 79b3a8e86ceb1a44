import { directMembers } from '../../protocol/ids.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Presence } from '../../protocol/packets.ts';
import type { ChatState } from './chat-state.ts';
import type { Parts } from './parts.ts';
import { without } from './store.ts';

/** A typing signal holds for this long; the protocol names the number. */
const TYPING_LAPSES_MS = 6000;
/** One's own signal is repeated this often while one types, and withdrawn after a pause as long. */
const TYPING_REPEAT_MS = 3000;

/** Who is there, and who types. */
export function createPeople(parts: Parts) {
  const { client, store, userId } = parts;
  const lapses = new Map<string, ReturnType<typeof setTimeout>>();
  let watched = '';
  let signalled: { id: string; at: number; pause: ReturnType<typeof setTimeout> } | undefined;

  function showTyping(id: string, who: string, typing: boolean): void {
    const key = `${id} ${who}`;
    clearTimeout(lapses.get(key));
    lapses.delete(key);
    const { typing: all } = store.get();
    const others = (all[id] ?? []).filter((other) => other !== who);
    if (typing) {
      lapses.set(
        key,
        setTimeout(() => showTyping(id, who, false), TYPING_LAPSES_MS),
      );
      others.push(who);
    }
    store.set({ typing: others.length > 0 ? { ...all, [id]: others } : without(all, id) });
  }

  /** The user changed what stands in the composer of a conversation. */
  function typed(id: string, text: string): void {
    if (signalled && (signalled.id !== id || text === '')) stopTyping();
    if (text === '') return;
    const now = Date.now();
    const due = !signalled || now - signalled.at >= TYPING_REPEAT_MS;
    if (due) client.typing(id, true);
    clearTimeout(signalled?.pause);
    signalled = {
      id,
      at: due ? now : (signalled?.at ?? now),
      pause: setTimeout(stopTyping, TYPING_REPEAT_MS),
    };
  }

  function stopTyping(): void {
    if (!signalled) return;
    clearTimeout(signalled.pause);
    client.typing(signalled.id, false);
    signalled = undefined;
  }

  /** Watches those whom the page shows; asks only where they are others than before. */
  function watchShown(): void {
    const users = shownUsers(store.get(), userId);
    const key = users.join(' ');
    if (key === watched) return;
    watched = key;
    client.watch(users).then(showPresence, () => {
      watched = '';
    });
  }

  function showPresence(present: readonly Presence[]): void {
    const { presence } = store.get();
    const more = Object.fromEntries(present.map((one) => [one.user_id, one]));
    store.set({ presence: { ...presence, ...more } });
  }

  function dispose(): void {
    for (const timer of lapses.values()) clearTimeout(timer);
    clearTimeout(signalled?.pause);
  }

  return { showTyping, typed, watchShown, showPresence, dispose };
}

/** The members of the open group, then the peers of the direct conversations by last activity. */
export function shownUsers(state: ChatState, userId: string): string[] {
  const members = state.openId ? (state.groups[state.openId]?.members ?? []) : [];
  const peers = state.conversations.map(({ conversation_id: id }) => peerOf(id, userId));
  const users = new Set([...members.map((member) => member.user_id), ...peers]);
  users.delete(userId);
  users.delete(undefined);
  return ([...users] as string[]).slice(0, LIMITS.watchedUsersMax);
}

/** The other one of a direct conversation (oneself in notes to self), or undefined for a group. */
export function peerOf(id: string, userId: string): string | undefined {
  const pair = directMembers(id);
  if (!pair) return undefined;
  return pair[0] === userId ? pair[1] : pair[0];
}
