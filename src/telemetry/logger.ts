import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** JSON lines on stdout. No message's content, no token and no secret is ever logged. */
export function createLogger(level: string, bindings: Record<string, string>): Logger {
  return pino({
    level,
    base: bindings,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}
