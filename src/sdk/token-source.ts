import type { ClientOptions } from './types.ts';

/** Where tokens come from, with the latest kept for the calls that need no new one. */
export class TokenSource {
  readonly #token: ClientOptions['token'];
  #latest: string | undefined;

  constructor(token: ClientOptions['token']) {
    this.#token = token;
  }

  /** There is but this one token. */
  get isFixed(): boolean {
    return typeof this.#token === 'string';
  }

  /** A token fetched now. */
  async next(): Promise<string> {
    this.#latest = typeof this.#token === 'string' ? this.#token : await this.#token();
    return this.#latest;
  }

  async latest(): Promise<string> {
    return this.#latest ?? (await this.next());
  }
}
