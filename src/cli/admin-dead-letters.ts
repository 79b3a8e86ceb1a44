import type { BuriedEvent, DeadLetterPage, Operations } from '../ports/operations.ts';
import { NOTHING_DONE, type Report } from './admin-reports.ts';
import { printable, printableJson, table, timestamp } from './table.ts';

/** Letters of one replay. */
const REPLAY_MAX = 10_000;

export interface Choice {
  from?: number;
  reason?: string;
}

/** A letter for all eyes: what the event holds is left out. */
type LetterLine = Omit<BuriedEvent, 'event'>;

export async function listLetters(
  operations: Operations,
  { from, reason, limit }: Choice & { limit: number },
): Promise<Report> {
  const page = await operations.deadLetters(from ?? 'newest', limit);
  return listReport(page, reason);
}

export function listReport({ letters, next }: DeadLetterPage, reason?: string): Report {
  const chosen = letters.filter((letter) => reason === undefined || letter.reason === reason);
  const titles = ['OFFSET', 'TIME', 'REASON', 'KIND', 'KEY', 'DETAIL'];
  const rows = chosen.map(({ offset, time, reason, kind, key, detail }) => [
    offset,
    timestamp(time),
    reason,
    kind,
    key,
    detail,
  ]);
  const text = [table(titles, rows) || 'There is no such dead letter.', goOn(next)].filter(Boolean);
  return { text: text.join('\n\n'), json: { letters: chosen.map(withoutEvent), next } };
}

export async function showLetter(
  operations: Operations,
  offset: number,
  withContent: boolean,
): Promise<Report> {
  const letter = await letterAt(operations, offset);
  return letterReport(letter, withContent);
}

export function letterReport(letter: BuriedEvent, withContent: boolean): Report {
  const event = withContent ? letter.event : hidden(letter.event);
  const lines = [
    `Offset:     ${letter.offset}`,
    `Buried:     ${timestamp(letter.time)}`,
    `Reason:     ${printable(letter.reason)}`,
    `Detail:     ${printable(letter.detail)}`,
    `Key:        ${printable(letter.key)}`,
    `Replays to: ${letter.replayTo ?? 'nowhere: it is of no kind we know'}`,
    '',
    printableJson(event),
  ];
  return { text: lines.join('\n'), json: { ...letter, event } };
}

export async function replayOne(operations: Operations, offset: number, yes: boolean): Promise<Report> {
  const letter = await letterAt(operations, offset);
  return replayLetters(operations, { letters: [letter], next: null }, yes);
}

export async function replayAll(
  operations: Operations,
  { from = 0, reason }: Choice,
  yes: boolean,
): Promise<Report> {
  const { letters, next } = await operations.deadLetters(from, REPLAY_MAX);
  const chosen = letters.filter((letter) => reason === undefined || letter.reason === reason);
  return replayLetters(operations, { letters: chosen, next }, yes);
}

/** One after the other, so that events of one key keep their order. */
async function replayLetters(operations: Operations, page: DeadLetterPage, yes: boolean): Promise<Report> {
  if (yes) {
    for (const letter of page.letters) {
      if (letter.replayTo === null) continue;
      await operations.replay(letter).catch((error) => {
        throw new Error(
          `At offset ${letter.offset}: ${error.message}. The letters before it were replayed; ` +
            `go on with --all --from ${letter.offset}.`,
          { cause: error },
        );
      });
    }
  }
  return replayReport(page, yes);
}

export function replayReport({ letters, next }: DeadLetterPage, done: boolean): Report {
  const outcomeOf = ({ replayTo }: BuriedEvent) => {
    if (replayTo === null) return 'left: of no kind we know';
    return `${done ? 'appended' : 'would be appended'} to ${replayTo}`;
  };
  const rows = letters.map((letter) => [
    letter.offset,
    letter.reason,
    letter.kind,
    letter.key,
    outcomeOf(letter),
  ]);
  const text = [
    table(['OFFSET', 'REASON', 'KIND', 'KEY', 'REPLAY'], rows) || 'There is no such dead letter.',
    goOn(next),
    done || letters.length === 0 ? '' : NOTHING_DONE,
  ];
  return {
    text: text.filter(Boolean).join('\n\n'),
    json: { done, letters: letters.map(withoutEvent), next },
  };
}

async function letterAt(operations: Operations, offset: number): Promise<BuriedEvent> {
  const { letters } = await operations.deadLetters(offset, 1);
  const [letter] = letters;
  if (letter?.offset === offset) return letter;
  throw new Error(
    `There is no dead letter at offset ${offset}. Offsets are those of \`seqline admin dlq list\`.`,
  );
}

function goOn(next: number | null): string {
  return next === null ? '' : `There are more: go on with --from ${next}.`;
}

function withoutEvent({ event, ...line }: BuriedEvent): LetterLine {
  return line;
}

/** Without what people wrote, wherever it stands; of what is no object, nothing can be told. */
function hidden(event: unknown): unknown {
  const cover = (value: unknown) => `(hidden: ${String(value).length} characters; see --content)`;
  if (typeof event !== 'object' || event === null) return cover(event);
  const text = JSON.stringify(event, (key, value) => (key === 'content' ? cover(value) : value));
  return JSON.parse(text);
}
