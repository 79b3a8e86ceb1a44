/** Parts of `items` in their order, none empty. `charsOf` tells what counts towards `charsMax`. */
export function* chunksOf<T>(
  items: T[],
  itemsMax: number,
  charsMax = Infinity,
  charsOf: (item: T) => number = () => 0,
): Generator<T[]> {
  let chunk: T[] = [];
  let chars = 0;
  for (const item of items) {
    const more = charsOf(item);
    if (chunk.length > 0 && (chunk.length >= itemsMax || chars + more > charsMax)) {
      yield chunk;
      chunk = [];
      chars = 0;
    }
    chunk.push(item);
    chars += more;
  }
  if (chunk.length > 0) yield chunk;
}
