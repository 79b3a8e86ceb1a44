import { chunksOf } from '../chunks.ts';

/** Keys in one statement, at most: few enough that the server seeks each of them instead of reading the whole table. */
export const KEYS_MAX = 1000;

/** Rows of one INSERT, at most. */
export const INSERT_ROWS_MAX = 1000;

/** Characters of one request, at most: far below the smallest `max_allowed_packet` in use, 4 MiB. */
export const REQUEST_CHARS_MAX = 512 * 1024;

/** All that `select` finds for keys of which there may be any number. */
export async function foundInChunks<K, T>(keys: K[], select: (keys: K[]) => Promise<T[]>): Promise<T[]> {
  const found: T[] = [];
  for (const chunk of chunksOf(keys, KEYS_MAX)) found.push(...(await select(chunk)));
  return found;
}

/** A table of values that a statement can join; its placeholders take one list of values per row. */
export function valuesTable(name: string, columns: string, rowCount: number): string {
  return `(VALUES ${Array.from({ length: rowCount }, () => 'ROW(?)').join()}) AS ${name} (${columns})`;
}
