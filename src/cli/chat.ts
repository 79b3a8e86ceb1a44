import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import {
  createClient,
  devToken,
  directConversationId,
  type EventOf,
  type Message,
  type SeqlineClient,
  SeqlineError,
} from '../sdk/index.ts';
import { createMarks } from './chat-marks.ts';
import { conversationTitle, createScreen, messageLine, type Screen } from './chat-screen.ts';

const HISTORY_DEFAULT = 20;
const HELP = [
  '/to <user>       talk to a person',
  '/group <id>      talk in a group',
  '/history [count] the latest messages of this conversation',
  '/quit            leave (Ctrl-C does it too)',
];

export interface ChatOptions {
  user: string;
  url: string;
  /** Default: a development token from the server, asked for at each login. */
  token?: string | undefined;
  /** The person to talk to, or else the group to talk in. */
  to?: string | undefined;
  group?: string | undefined;
  input?: Readable & { isTTY?: boolean };
  output?: Writable & { isTTY?: boolean };
}

interface Chat {
  options: ChatOptions;
  client: SeqlineClient;
  screen: Screen;
  /** The conversation that lines are sent to. */
  current: string | undefined;
  /** Messages sent from here: typed on this screen, they are not printed once more. */
  sent: Set<string>;
  /** What must be settled before the end of the input may end the chat. */
  pending: Set<Promise<unknown>>;
  quit(): void;
}

/** Talks in the terminal until `/quit`, Ctrl-C or the end of the input. Gives the exit code. */
export async function runChat(options: ChatOptions): Promise<number> {
  const { input = process.stdin, output = process.stdout } = options;
  const lines = createInterface({ input, output, terminal: output.isTTY === true && input.isTTY === true });
  const over = Promise.withResolvers<number>();
  const chat = createChat(options, createScreen(lines, output), () => over.resolve(0));
  listen(chat, over.resolve);
  choose(chat, firstConversation(options));
  lines.on('SIGINT', chat.quit);
  lines.on('line', (line) => void carryOut(chat, line.trim()));
  lines.on('close', () => void Promise.allSettled(chat.pending).then(chat.quit));
  // The refusal itself is told by the event `closed`.
  chat.client.connect().catch(() => undefined);
  const code = await over.promise;
  await chat.client.close();
  lines.close();
  return code;
}

function createChat(options: ChatOptions, screen: Screen, quit: () => void): Chat {
  const client = createClient({ url: options.url, token: options.token ?? tokenOf(options) });
  return { options, client, screen, current: undefined, sent: new Set(), pending: new Set(), quit };
}

function listen(chat: Chat, end: (code: number) => void): void {
  const { client, screen, options } = chat;
  const marks = createMarks();
  client.on('message', (message) => {
    if (message.sender_id === options.user) marks.own(message.conversation_id, message.seq);
    if (!chat.sent.delete(message.msg_id)) show(chat, message);
  });
  client.on('receipt', (event) => {
    if (event.user_id === options.user) return;
    const mark = marks.receipt(event.conversation_id, event.user_id, event.ack_seq, event.read_seq);
    const verb = mark?.kind === 'read' ? 'read by' : 'delivered to';
    if (mark) screen.note(`${mark.kind === 'read' ? '✓✓' : '✓'} ${verb} ${event.user_id} (#${mark.seq})`);
  });
  client.on('state', ({ state, reason, retryAt }) => {
    const waitS = Math.ceil(((retryAt ?? 0) - Date.now()) / 1_000);
    if (state === 'online') screen.note(`connected to ${options.url} as ${client.userId ?? options.user}`);
    if (state === 'waiting')
      screen.note(`not connected${reason ? `: ${reason}` : ''} (next try in ${waitS} s)`);
  });
  client.on('member', (event) => screen.note(memberText(event)));
  client.on('recall', (event) =>
    screen.note(`${event.by} recalled #${event.seq} of ${event.conversation_id}`),
  );
  client.on('error', (error) => screen.note(error.message));
  client.on('closed', ({ code, reason }) => {
    screen.note(`the server ended this session (${code}): ${reason}`);
    end(1);
  });
}

function show(chat: Chat, message: Message): void {
  const id = message.conversation_id;
  const here = id === chat.current;
  chat.screen.line(messageLine(message, chat.options.user, !here));
  const own = message.sender_id === chat.options.user;
  // It stands before the user's eyes.
  if (here && !own) chat.client.markRead(id, message.seq).catch((error) => tell(chat, error));
}

function memberText({ conversation_id, change, user_id, by }: EventOf<'member'>): string {
  return `${conversation_id}: ${user_id ?? 'the group'} ${change}, by ${by}`;
}

function firstConversation({ user, to, group }: ChatOptions): string | undefined {
  if (to !== undefined) return directConversationId(user, to);
  return group === undefined ? undefined : groupConversationId(group);
}

function groupConversationId(group: string): string {
  return group.startsWith('group_') ? group : `group_${group}`;
}

function choose(chat: Chat, conversationId: string | undefined): void {
  chat.current = conversationId;
  if (conversationId === undefined)
    chat.screen.note('Say whom to talk to with /to <user>; /help lists the commands.');
  else chat.screen.prompt(conversationTitle(conversationId, chat.options.user));
}

async function carryOut(chat: Chat, line: string): Promise<void> {
  const [command = '', argument = ''] = line.split(/\s+/, 2);
  try {
    if (command === '/quit') chat.quit();
    else if (command === '/to') choose(chat, directConversationId(chat.options.user, argument));
    else if (command === '/group') choose(chat, groupConversationId(argument));
    else if (command === '/history') await history(chat, argument);
    else if (command.startsWith('/')) for (const text of HELP) chat.screen.note(text);
    else if (line !== '') send(chat, line);
  } catch (error) {
    tell(chat, error);
  }
}

async function history(chat: Chat, count: string): Promise<void> {
  const id = chat.current;
  if (id === undefined) return choose(chat, undefined);
  const limit = Number(count) || HISTORY_DEFAULT;
  const { messages } = await chat.client.history(id, { limit });
  for (const message of messages) chat.screen.line(messageLine(message, chat.options.user, false));
  const last = messages.at(-1);
  if (last) await chat.client.markRead(id, last.seq);
  else chat.screen.note('no messages yet');
}

function send(chat: Chat, content: string): void {
  const id = chat.current;
  if (id === undefined) {
    choose(chat, undefined);
    return;
  }
  const { msgId, sent, stored } = chat.client.send({ conversationId: id, content });
  chat.sent.add(msgId);
  const told = (async () => {
    await sent;
    chat.screen.note('· sent');
    chat.screen.note(`· stored (#${(await stored).seq})`);
  })();
  const settled = told.catch((error) => tell(chat, error)).finally(() => chat.pending.delete(settled));
  chat.pending.add(settled);
}

function tell(chat: Chat, error: unknown): void {
  if (error instanceof SeqlineError && error.error === 'closed') return;
  chat.screen.note(error instanceof Error ? error.message : String(error));
}

/** A development token at each login, or the error that says what to do where there is none. */
function tokenOf({ url, user }: ChatOptions): () => Promise<string> {
  const next = devToken(url, user);
  return () =>
    next().catch((error) => {
      if (!(error instanceof SeqlineError)) throw error;
      throw new Error(`${url} gives no development token (${error.message}): pass one with --token.`);
    });
}
