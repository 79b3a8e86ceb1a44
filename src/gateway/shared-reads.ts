/**
 * Gives a reader of which many may want the same at a time. Who asks while the same is being read waits for that to
 * end, and is given what is read then, with all who asked meanwhile: never anything older than the question.
 */
export function createSharedReads<T>(): (key: string, read: () => Promise<T>) => Promise<T> {
  const running = new Map<string, { now: Promise<unknown>; next: Promise<T> | undefined }>();

  function begin(key: string, read: () => Promise<T>): Promise<T> {
    const result = read();
    const run = { now: result, next: undefined };
    running.set(key, run);
    const end = () => {
      if (running.get(key) === run && !run.next) running.delete(key);
    };
    result.then(end, end);
    return result;
  }

  return (key, read) => {
    const run = running.get(key);
    if (!run) return begin(key, read);
    run.next ??= run.now.then(
      () => begin(key, read),
      () => begin(key, read),
    );
    return run.next;
  };
}
