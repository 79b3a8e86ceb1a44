import { type Message, MSG_TYPE } from '../../protocol/message.ts';
import type { ConversationState } from '../../sdk/types.ts';
import type { ChatState } from '../state/chat-state.ts';
import { peerOf } from '../state/people.ts';

/** One or two letters that stand for a name. */
export function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return (
    letters
      .map((word) => [...(word ?? '')][0] ?? '')
      .join('')
      .toUpperCase() || '?'
  );
}

/** A hue, 0 to 359, that is always the same for an id. */
export function hueOf(id: string): number {
  let hash = 2166136261;
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  return (hash >>> 0) % 360;
}

/** What a conversation is called for this user. */
export function titleOf(state: Pick<ChatState, 'userId' | 'conversations' | 'groups'>, id: string): string {
  const peer = peerOf(id, state.userId);
  if (peer !== undefined) return peer === state.userId ? 'Notes to self' : peer;
  const listed = state.conversations.find((conversation) => conversation.conversation_id === id);
  return state.groups[id]?.group.name ?? listed?.name ?? id;
}

/** The last message in one line. */
export function preview({ last_message: last, type }: ConversationState, userId: string): string {
  if (!last) return 'No messages yet';
  const text = contentLine(last);
  if (last.sender_id === userId) return `You: ${text}`;
  return type === 'group' ? `${last.sender_id}: ${text}` : text;
}

function contentLine(message: Message): string {
  if (message.recalled) return 'Message recalled';
  return message.msg_type === MSG_TYPE.image ? 'Picture' : message.content.replace(/\s+/g, ' ').slice(0, 200);
}

/** Who types, as a sentence, or undefined for nobody. */
export function typingLine(users: readonly string[]): string | undefined {
  const [first, second, ...others] = users;
  if (!first) return undefined;
  if (!second) return `${first} is typing`;
  return others.length === 0 ? `${first} and ${second} are typing` : 'Several people are typing';
}
