import type { Pauses } from './timers.ts';

/**
 * Bounds how many pieces of work run at once, first come, first served. When the server says "too fast", the gate shuts
 * for the time that it named and then opens for one at a time, one more with each success: hundreds of requests that
 * wait for the same second would else be refused together again, and a session that keeps on like that is closed.
 */
export class Gate {
  readonly #widthMax: number;
  readonly #pauses: Pauses;
  readonly #queue: (() => void)[] = [];
  #width: number;
  #inside = 0;
  #shut = 0;

  constructor(widthMax: number, pauses: Pauses) {
    this.#widthMax = widthMax;
    this.#width = widthMax;
    this.#pauses = pauses;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => {
      this.#queue.push(resolve);
      this.#admit();
    });
    try {
      const result = await work();
      this.#width = Math.min(this.#widthMax, this.#width + 1);
      return result;
    } finally {
      this.#inside -= 1;
      this.#admit();
    }
  }

  /** Lets nothing in for `shutMs`, then one at a time. */
  async slowDown(shutMs: number): Promise<void> {
    this.#width = 1;
    this.#shut += 1;
    await this.#pauses.pause(shutMs);
    this.#shut -= 1;
    this.#admit();
  }

  #admit(): void {
    while (this.#shut === 0 && this.#inside < this.#width) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#inside += 1;
      next();
    }
  }
}
