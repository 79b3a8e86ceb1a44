import { Command } from 'ioredis';

/** What the library's commands are made of; of its declarations these are private. */
interface Parts {
  name: string;
  args: unknown[];
  transformed: boolean;
  isResolved: boolean;
  isSettled: boolean;
  callback: ((error: unknown, value?: unknown) => void) | undefined;
  promise: Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  initPromise(): void;
  stringifyArguments(): void;
  _convertValue(resolve: (value: unknown) => void): (value: unknown) => void;
  _clearTimers(): void;
}

/**
 * V8 makes a function among the old objects where it is written as the value that a property is set to (`this.reject = (error)
 * => …`), and there it stays until the whole heap is collected, with all that it refers to. ioredis 6 does so for each command,
 * which refers to its arguments and its reply. This does what the library does for a command's promise, and names the
 * function first. See decision 0033.
 */
export function letGoOfCommands(): void {
  const { prototype, _transformer } = Command as unknown as {
    prototype: Parts;
    _transformer: { argument: Record<string, (args: unknown[]) => unknown[]> };
  };
  prototype.initPromise = function () {
    this.isResolved = false;
    this.isSettled = false;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const fail = (error: unknown) => {
      this._clearTimers();
      this.isSettled = true;
      reject(error);
    };
    this.resolve = this._convertValue(resolve);
    this.reject = fail;
    this.promise = promise;
    const { callback } = this;
    if (callback)
      promise.then(
        (value) => callback(null, value),
        (error) => callback(error),
      );
    if (this.transformed) return;
    this.transformed = true;
    try {
      this.args = _transformer.argument[this.name]?.(this.args) ?? this.args;
      this.stringifyArguments();
    } catch (error) {
      reject(error);
    }
  };
}
