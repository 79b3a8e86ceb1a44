export type TimerHandle = ReturnType<typeof setTimeout>;

/** The clock, injected so that tests decide when time passes. Milliseconds throughout. */
export interface Timers {
  now(): number;
  set(run: () => void, delayMs: number): TimerHandle;
  clear(handle: TimerHandle | undefined): void;
}

export const realTimers: Timers = {
  now: () => Date.now(),
  set: (run, delayMs) => setTimeout(run, delayMs),
  clear: (handle) => clearTimeout(handle),
};

/** Waits that can all be cut short, so that a closed client leaves no timer behind. */
export class Pauses {
  readonly #timers: Timers;
  readonly #open = new Map<TimerHandle, () => void>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const handle = this.#timers.set(() => {
        this.#open.delete(handle);
        resolve();
      }, delayMs);
      this.#open.set(handle, resolve);
    });
  }

  wakeAll(): void {
    for (const [handle, resolve] of this.#open) {
      this.#timers.clear(handle);
      resolve();
    }
    this.#open.clear();
  }
}
