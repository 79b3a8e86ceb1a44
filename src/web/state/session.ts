import { CODES } from '../../protocol/codes.ts';
import { isUserId } from '../../protocol/ids.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { devToken, SeqlineError } from '../../sdk/index.ts';
import { randomId } from './random-id.ts';

/** Who uses this tab, and as which device. */
export interface Session {
  userId: string;
  deviceId: string;
}

const KEY = 'seqline.session';

/** The session of this tab: each has its own storage, so two tabs can be two users. */
export function storedSession(storage: Storage): Session | undefined {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? 'null');
    return isSession(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isSession(value: unknown): value is Session {
  const { userId, deviceId } = (value ?? {}) as Partial<Session>;
  return isUserId(userId) && isUserId(deviceId);
}

/** Keeps the device's id where the same user comes back to the tab. */
export function beginSession(storage: Storage, userId: string): Session {
  const known = storedSession(storage);
  const session = known?.userId === userId ? known : { userId, deviceId: `web-${randomId()}` };
  storage.setItem(KEY, JSON.stringify(session));
  return session;
}

export function endSession(storage: Storage): void {
  storage.removeItem(KEY);
}

/** Why a name cannot be a user id, as a sentence, or undefined where it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'Enter a name.';
  if (name.length > LIMITS.idCharsMax) return `A name has at most ${LIMITS.idCharsMax} characters.`;
  if (!/^[A-Za-z0-9]/.test(name)) return 'A name begins with a letter from A to Z or a digit.';
  if (isUserId(name)) return undefined;
  return 'A name is made of letters from A to Z, digits, and the characters _ . and - only.';
}

/** The server refused a token in a way that trying again does not mend. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

const TOKEN_REFUSALS: ReadonlyMap<number, string> = new Map([
  [
    CODES.not_found.code,
    'This server does not let people sign in by name. Start it with AUTH_DEV_TOKENS=true to allow it.',
  ],
  [
    CODES.forbidden.code,
    'This server lets people sign in by name from its own machine only. AUTH_DEV_TOKENS_PUBLIC=true allows it to all.',
  ],
  [CODES.bad_packet.code, 'The server did not accept this name.'],
]);

/** A token for that name from a server that gives one to anyone. */
export async function fetchToken(userId: string): Promise<string> {
  try {
    return await devToken('', userId)();
  } catch (error) {
    if (!(error instanceof SeqlineError)) throw error;
    const refusal = TOKEN_REFUSALS.get(error.code);
    if (refusal) throw new TokenError(refusal);
    throw new Error(`The server has a problem (${error.code}). Try again.`);
  }
}
