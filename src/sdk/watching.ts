import { CMD, type InputPacket, type Presence } from '../protocol/packets.ts';
import type { Ask } from './requests.ts';

/** The set of watched users. The server forgets it with each session, so it is told again after each login. */
export class Watching {
  readonly #ask: Ask;
  #userIds: string[] = [];
  #asking = 0;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Replaces the set; resolves to the presence of its users now. */
  async replace(userIds: string[]): Promise<Presence[]> {
    this.#userIds = [...userIds];
    return this.#tell();
  }

  /** After a login: the presence of all that are watched, for what changed meanwhile was not told. */
  async again(): Promise<Presence[]> {
    // What is being asked at this moment is asked again by itself.
    return this.#userIds.length === 0 || this.#asking > 0 ? [] : this.#tell();
  }

  async #tell(): Promise<Presence[]> {
    this.#asking += 1;
    try {
      // The set of the moment of asking: a retry of an older set must not replace a newer one.
      const answer = await this.#ask(() => this.#packet());
      return (answer.payload as { presence: Presence[] }).presence;
    } finally {
      this.#asking -= 1;
    }
  }

  #packet(): InputPacket {
    return { cmd: CMD.signal, payload: { type: 'watch', user_ids: this.#userIds } };
  }
}
