import type { Redis } from 'ioredis';
import { isAnswer, reach } from './redis-errors.ts';

/** A field of a section of INFO, which managed servers that forbid CONFIG allow; undefined where it is not to be had. */
export async function readInfo(redis: Redis, section: string, field: string): Promise<string | undefined> {
  const text = await reach(() => redis.info(section).catch(nothingWhereForbidden));
  return new RegExp(`^${field}:(\\S+)`, 'm').exec(text)?.[1];
}

function nothingWhereForbidden(error: unknown): string {
  if (isAnswer(error)) return '';
  throw error;
}
