export type Environment = Record<string, string | undefined>;

/** What a scenario takes where the environment says nothing else. Times are as in the environment: `30s`, `10m`. */
export interface Defaults {
  USERS: number;
  RATE: number;
  DURATION: string;
  /** Without one, users talk in pairs. */
  GROUP_SIZE?: number;
  SENT_P99_MS?: number;
  DELIVERED_P99_MS?: number;
}

export interface Settings {
  /** Without a slash at the end; users are spread over them. */
  urls: string[];
  users: number;
  /** A second, all users together. */
  rate: number;
  durationMs: number;
  /** How long to wait for what is still on its way at the end. */
  settleMs: number;
  /** JavaScript engines of k6, each of which carries its share of the conversations. */
  vus: number;
  groupSize: number;
  contentBytes: number;
  sentP99Ms: number;
  deliveredP99Ms: number;
  /** For a device to have all that it missed. */
  catchUpP99Ms: number;
  /** For all of a storm to be logged in and caught up. */
  readyMs: number;
  secret: string | undefined;
  issuer: string | undefined;
  audience: string | undefined;
  summaryDir: string;
}

const URL_FALLBACK = 'http://127.0.0.1:8080';
/** The objectives at a moderate rate. */
const OBJECTIVES = { sentP99Ms: 20, deliveredP99Ms: 100 };
const VUS = 10;
const PAIR = 2;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** A text is at most this long; shorter than its own id and time it cannot be. */
const CONTENT_BYTES = { min: 96, max: 16_384, whole: true };

interface Range {
  min: number;
  max?: number;
  whole?: boolean;
}

/** Throws an `Error` that names the variable that is wrong. */
export function settingsOf(env: Environment, defaults: Defaults): Settings {
  const number = (name: string, fallback: number, range: Range) => numberOf(name, env[name], fallback, range);
  const users = number('USERS', defaults.USERS, { min: 2, whole: true });
  const groupSize = defaults.GROUP_SIZE
    ? number('GROUP_SIZE', defaults.GROUP_SIZE, { min: 2, max: 1000, whole: true })
    : PAIR;
  if (groupSize > users) throw new Error(`USERS must be at least GROUP_SIZE, ${groupSize}, and is ${users}.`);
  return {
    urls: urlsOf(env.BASE_URL || URL_FALLBACK),
    users,
    rate: number('RATE', defaults.RATE, { min: 0 }),
    durationMs: msOf('DURATION', env.DURATION || defaults.DURATION),
    settleMs: msOf('SETTLE', env.SETTLE || '15s'),
    vus: Math.min(number('VUS', VUS, { min: 1, whole: true }), Math.floor(users / groupSize)),
    groupSize,
    contentBytes: number('CONTENT_BYTES', 128, CONTENT_BYTES),
    sentP99Ms: number('SENT_P99_MS', defaults.SENT_P99_MS ?? OBJECTIVES.sentP99Ms, { min: 0 }),
    deliveredP99Ms: number('DELIVERED_P99_MS', defaults.DELIVERED_P99_MS ?? OBJECTIVES.deliveredP99Ms, {
      min: 0,
    }),
    catchUpP99Ms: number('CATCH_UP_P99_MS', 1000, { min: 0 }),
    readyMs: number('READY_MS', 30_000, { min: 0 }),
    secret: env.AUTH_JWT_SECRET || undefined,
    issuer: env.AUTH_JWT_ISSUER || undefined,
    audience: env.AUTH_JWT_AUDIENCE || undefined,
    summaryDir: env.SUMMARY_DIR || 'loadtest/results',
  };
}

function numberOf(
  name: string,
  text: string | undefined,
  fallback: number,
  { min, max, whole }: Range,
): number {
  const value = text ? Number(text) : fallback;
  if (value >= min && value <= (max ?? Number.MAX_SAFE_INTEGER) && (!whole || Number.isInteger(value)))
    return value;
  const range = max === undefined ? `of ${min} at least` : `from ${min} to ${max}`;
  throw new Error(`${name} must be a ${whole ? 'whole number' : 'number'} ${range}, and is ${text}.`);
}

function urlsOf(text: string): string[] {
  return text.split(',').map((url) => {
    if (!/^https?:\/\/[^/\s]+/.test(url.trim())) {
      throw new Error(
        `BASE_URL must be such as ${URL_FALLBACK}, or several with commas between, and is ${text}.`,
      );
    }
    return url.trim().replace(/\/+$/, '');
  });
}

function msOf(name: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (text === '' || parts.map(([part]) => part).join('') !== text) {
    throw new Error(`${name} must be a time such as 30s or 10m, and is ${text}.`);
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNIT_MS[unit!]!, 0);
}
