import { clearLine, cursorTo, type Interface } from 'node:readline';
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { Message } from '../sdk/index.ts';
import { directMembers } from '../sdk/index.ts';

export interface Screen {
  /** A line that belongs to the conversation. */
  line(text: string): void;
  /** A line about what happens. */
  note(text: string): void;
  prompt(name: string): void;
}

/** Prints above the line that is being typed, and puts that line back. */
export function createScreen(input: Interface, output: Writable & { isTTY?: boolean }): Screen {
  function line(text: string): void {
    if (output.isTTY) {
      clearLine(output, 0);
      cursorTo(output, 0);
    }
    output.write(`${text}\n`);
    if (output.isTTY) input.prompt(true);
  }

  return {
    line,
    note: (text) => line(styleText('dim', `  ${text}`, { stream: output })),
    prompt(name) {
      input.setPrompt(`${name}> `);
      if (output.isTTY) input.prompt(true);
    },
  };
}

/** What a conversation is called by one of its members: the other's name, or the group's id. */
export function conversationTitle(id: string, user: string): string {
  const members = directMembers(id);
  if (!members) return id;
  return members[0] === user ? members[1] : members[0];
}

/** `elsewhere`: it does not belong to the conversation that the user is in, so the line says where it does. */
export function messageLine(message: Message, user: string, elsewhere: boolean): string {
  const time = new Date(message.send_time).toTimeString().slice(0, 5);
  const place = elsewhere ? placeText(message, user) : '';
  return `${time} ${message.sender_id}${place}: ${contentText(message)}`;
}

function placeText({ conversation_id, sender_id }: Message, user: string): string {
  if (!directMembers(conversation_id)) return ` in ${conversation_id}`;
  return ` to ${sender_id === user ? conversationTitle(conversation_id, user) : 'you'}`;
}

function contentText(message: Message): string {
  if (message.recalled) return '(recalled)';
  // A message is another person's text: control characters would let it rewrite this terminal.
  const text = message.content.replace(/\p{Cc}/gu, (character) => (character === '\n' ? '\n      ' : '�'));
  return message.msg_type === 2 ? `[image] ${text}` : text;
}
