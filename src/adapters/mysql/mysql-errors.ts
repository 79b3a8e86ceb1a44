import { StoreUnavailable } from '../../ports/errors.ts';

/** What the server says of a statement, in the form the driver gives it. https://dev.mysql.com/doc/mysql-errors/9.7/en/ */
interface ServerError extends Error {
  errno: number;
  sqlState: string;
  /** The statement with its values. */
  sql?: string;
}

const DUPLICATE_KEY = 1062;
const LOCK_WAIT_TIMEOUT = 1205;
const DEADLOCK = 1213;
const NO_SUCH_TABLE = 1146;

/** The server takes no writes any more: it has become a replica. */
const READ_ONLY = new Set([1290, 1792, 1836]);

/** The server ends the connection: shutdown, killed, idle for too long. */
const ENDED = new Set([1053, 3169, 4031]);

/**
 * What is wrong with a statement or its values, and will be at any other time: cardinality, data and constraints (by
 * class of SQLSTATE); by number, syntax, mixed collations, and values that the server files under no such class.
 */
const FAULT_CLASSES = ['21', '22', '23'];
const FAULTS = new Set([1064, 1265, 1267, 1366, 3988]);

/**
 * The error as the port has it, without the statement: what people wrote has no place in a log. Whatever is not certainly
 * a fault may pass: a message that fails by a fault is given up, and one that waits is not.
 */
export function toPortError(error: unknown): unknown {
  if (isServerError(error)) delete error.sql;
  if (isServerError(error) ? isFault(error) : isProgramError(error)) return error;
  return unavailable(error);
}

export function unavailable(cause: unknown): StoreUnavailable {
  return new StoreUnavailable('mysql', cause instanceof Error ? cause.message : String(cause), { cause });
}

/** Whether the connection that gave this error is of no more use. */
export function spoilsConnection(error: unknown): boolean {
  if (!isServerError(error)) return true;
  return isReadOnly(error) || ENDED.has(error.errno) || error.sqlState.startsWith('08');
}

export function isReadOnly(error: unknown): boolean {
  return isServerError(error) && READ_ONLY.has(error.errno);
}

export function isDuplicate(error: unknown): boolean {
  return isServerError(error) && error.errno === DUPLICATE_KEY;
}

export function isNoSuchTable(error: unknown): boolean {
  return causeIs(error, NO_SUCH_TABLE);
}

/** Whether a transaction was undone because another one was in its way, so that the same again may succeed. */
export function isLostRace(error: unknown): boolean {
  return causeIs(error, DEADLOCK) || causeIs(error, LOCK_WAIT_TIMEOUT);
}

function causeIs(error: unknown, errno: number): boolean {
  return error instanceof StoreUnavailable && isServerError(error.cause) && error.cause.errno === errno;
}

/** Errors of Node's system calls have an `errno` too, and no `sqlState`. */
function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && 'errno' in error && 'sqlState' in error;
}

function isFault({ errno, sqlState }: ServerError): boolean {
  return FAULTS.has(errno) || FAULT_CLASSES.includes(sqlState.slice(0, 2));
}

/** The driver refuses what it cannot write as SQL by these. */
function isProgramError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}
