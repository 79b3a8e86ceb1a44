import { CODES, codeName, type Retry } from '../protocol/codes.ts';
import type { InputPacket, OutputPacket } from '../protocol/packets.ts';
import type { Connection } from './connection.ts';
import { ConnectionLost, SeqlineError } from './errors.ts';
import { Gate } from './gate.ts';
import type { Pauses } from './timers.ts';

/** Requests that wait for their answers at the same time; more wait for their turn. */
const ASKING_MAX = 16;

/** Delays after a refusal that names no time: drawn from twice as much each, up to the maximum. */
const BACKOFF_BASE_MS = 500;
const BACKOFF_MAX_MS = 10_000;

/** A delay that the server named is stretched by up to this share, so that many clients do not come back at once. */
const RETRY_SPREAD = 0.25;

/**
 * What is added to the delay that a "too fast" named, so that a client with much to send is not refused again at once,
 * which ends its session in the end. Waiting longer costs nothing, for what may be sent adds up meanwhile.
 */
const TOO_FAST_PAUSE_MS = 1_000;

export interface AskerOptions {
  /** The connection that is logged in, or the next one; rejects once the client is closed. */
  online(): Promise<Connection>;
  pauses: Pauses;
  random(): number;
}

/**
 * Asks until there is an answer: across reconnects, and again after a refusal that will pass. So all that is asked
 * through it must be the same when it is asked twice. Rejects with a refusal that will not pass, or when the client is closed.
 */
export class Asker {
  readonly #options: AskerOptions;
  readonly #gate: Gate;

  constructor(options: AskerOptions) {
    this.#options = options;
    this.#gate = new Gate(ASKING_MAX, options.pauses);
  }

  /** `packet` is made anew for each attempt, so that it says what holds at that moment. */
  async ask(packet: () => InputPacket): Promise<OutputPacket> {
    let refusals = 0;
    for (;;) {
      const connection = await this.#options.online();
      try {
        return await this.#gate.run(() => this.#once(connection, packet(), refusals));
      } catch (error) {
        if (error instanceof ConnectionLost) continue;
        if (!(error instanceof SeqlineError)) throw error;
        await this.#beforeRetry(error, refusals, connection);
        refusals += 1;
      }
    }
  }

  async #once(connection: Connection, packet: InputPacket, refusals: number): Promise<OutputPacket> {
    try {
      return await connection.request(packet);
    } catch (error) {
      if (error instanceof SeqlineError && error.code === CODES.rate_limited.code) {
        // Shut before this request leaves the gate, or the next would slip in behind it.
        void this.#gate.slowDown(this.#delayMs(error.retryAfterMs, refusals) + TOO_FAST_PAUSE_MS);
      }
      throw error;
    }
  }

  /** Resolves when it is time to ask again; throws a refusal that asking again does not change. */
  async #beforeRetry(refusal: SeqlineError, refusals: number, connection: Connection): Promise<void> {
    const retry = retryOf(refusal);
    if (retry === 'none') throw refusal;
    // The server takes this connection for not logged in; only a new login helps.
    if (retry === 'new_token') connection.close();
    // What went too fast waits at the gate, with all the others.
    else if (refusal.code !== CODES.rate_limited.code) {
      await this.#options.pauses.pause(this.#delayMs(refusal.retryAfterMs, refusals));
    }
  }

  #delayMs(retryAfterMs: number | undefined, refusals: number): number {
    const { random } = this.#options;
    if (retryAfterMs !== undefined) return retryAfterMs * (1 + random() * RETRY_SPREAD);
    return random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** refusals);
  }
}

function retryOf(refusal: SeqlineError): Retry {
  const name = codeName(refusal.code);
  return name === undefined ? 'none' : CODES[name].retry;
}
