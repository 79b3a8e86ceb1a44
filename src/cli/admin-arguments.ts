import { parseArgs } from 'node:util';
import type { Operations } from '../ports/operations.ts';
import { conversationType, isUserId } from '../protocol/ids.ts';
import { listLetters, replayAll, replayOne, showLetter } from './admin-dead-letters.ts';
import { conversationReport, inboxReport, lagReport, type Report, routesReport } from './admin-reports.ts';

/** The command was given wrongly; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface AdminCommand {
  json: boolean;
  run(operations: Operations): Promise<Report>;
}

type Values = ReturnType<typeof parsed>['values'];
type Run = AdminCommand['run'];

const LETTERS_LISTED = 50;
const MESSAGES_SHOWN = 10;
const LIMIT_MAX = 1000;
const REASONS = ['conflict', 'forbidden', 'bad_event', 'failed', 'unreadable'];

/** Options of each command beside --json. */
const OPTIONS = new Map<string, (keyof Values)[]>([
  ['lag', []],
  ['dlq list', ['from', 'limit', 'reason']],
  ['dlq show', ['content']],
  ['dlq replay', ['all', 'from', 'reason', 'yes']],
  ['routes', []],
  ['inbox rebuild', ['yes']],
  ['conversation', ['limit']],
]);

/** Throws a `UsageError` before anything is opened. */
export function parseAdmin(args: string[]): AdminCommand {
  const { values, positionals } = parsed(args);
  const [area = '', verb = ''] = positionals;
  const name = OPTIONS.has(`${area} ${verb}`) ? `${area} ${verb}` : area;
  const allowed = OPTIONS.get(name);
  if (!allowed) throw new UsageError(`there is no command admin ${positionals.join(' ')}`.trimEnd());
  const odd = Object.keys(values).find((key) => key !== 'json' && !allowed.includes(key as keyof Values));
  if (odd !== undefined) throw new UsageError(`admin ${name} has no option --${odd}`);
  const operands = positionals.slice(name.split(' ').length);
  return { json: values.json ?? false, run: runOf(name, operands, values) };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        yes: { type: 'boolean' },
        all: { type: 'boolean' },
        content: { type: 'boolean' },
        from: { type: 'string' },
        limit: { type: 'string' },
        reason: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function runOf(name: string, operands: string[], values: Values): Run {
  const yes = values.yes ?? false;
  switch (name) {
    case 'lag':
      only(operands, 0);
      return async (operations) => lagReport(await operations.lag());
    case 'dlq list': {
      only(operands, 0);
      const choice = { ...choiceOf(values), limit: limitOf(values, LETTERS_LISTED) };
      return (operations) => listLetters(operations, choice);
    }
    case 'dlq show': {
      const offset = offsetIn(only(operands, 1));
      return (operations) => showLetter(operations, offset, values.content ?? false);
    }
    case 'dlq replay':
      return replayOf(operands, values, yes);
    case 'routes': {
      const user = userIn(only(operands, 1));
      return async (operations) => routesReport(user, await operations.routes(user));
    }
    case 'inbox rebuild': {
      const user = userIn(only(operands, 1));
      return async (operations) => {
        const before = await operations.inbox(user);
        return inboxReport(user, before, yes ? await operations.rebuildInbox(user) : undefined);
      };
    }
    default:
      return conversationOf(only(operands, 1), limitOf(values, MESSAGES_SHOWN));
  }
}

function replayOf(operands: string[], values: Values, yes: boolean): Run {
  if (values.all) {
    only(operands, 0);
    const choice = choiceOf(values);
    return (operations) => replayAll(operations, choice, yes);
  }
  if (values.from !== undefined || values.reason !== undefined) {
    throw new UsageError('--from and --reason choose among --all');
  }
  const offset = offsetIn(only(operands, 1));
  return (operations) => replayOne(operations, offset, yes);
}

function conversationOf(id: string, limit: number): Run {
  if (!conversationType(id)) {
    throw new UsageError(`${id} is no conversation: p2p:<user>:<user>, users ascending, or group_<id>`);
  }
  return async (operations) => {
    const state = await operations.conversation(id, limit);
    if (!state) throw new Error(`There is no conversation ${id}: it has no message, or was dissolved.`);
    return conversationReport(state);
  };
}

/** The one operand, or an empty text where none is wanted. */
function only(operands: string[], count: 0 | 1): string {
  if (operands.length === count) return operands[0] ?? '';
  throw new UsageError(count === 0 ? `${operands[0]} is too much` : 'exactly one operand is needed');
}

function choiceOf({ from, reason }: Values): { from?: number; reason?: string } {
  if (reason !== undefined && !REASONS.includes(reason)) {
    throw new UsageError(`${reason} is no reason. Reasons: ${REASONS.join(', ')}`);
  }
  return { from: from === undefined ? undefined : offsetIn(from), reason };
}

function limitOf({ limit }: Values, fallback: number): number {
  if (limit === undefined) return fallback;
  const number = Number(limit);
  if (/^\d+$/.test(limit) && number >= 1 && number <= LIMIT_MAX) return number;
  throw new UsageError(`--limit is an integer from 1 to ${LIMIT_MAX}`);
}

function offsetIn(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`${text} is no offset: a number, as \`seqline admin dlq list\` shows it`);
}

function userIn(text: string): string {
  if (isUserId(text)) return text;
  throw new UsageError(`${text} is no user id`);
}
