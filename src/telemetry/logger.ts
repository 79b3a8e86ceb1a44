import { type Logger, pino } from 'pino';
import type { Tracing } from './tracing.ts';

export type { Logger } from 'pino';

/**
 * JSON lines on stdout. No message's content, no token and no secret is ever logged. With tracing each line names the
 * trace that it was written in.
 */
export function createLogger(level: string, bindings: Record<string, string>, tracing?: Tracing): Logger {
  return pino({
    level,
    base: bindings,
    ...(tracing && { mixin: () => tracing.ids() }),
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}
