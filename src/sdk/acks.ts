import { CMD, type InboxHead, type InputPacket, type OutputPacket } from '../protocol/packets.ts';
import type { TimerHandle, Timers } from './timers.ts';

/** How long acknowledgements are collected: a burst of messages costs one for each conversation. */
export const ACK_DELAY_MS = 200;

export interface AcksOptions {
  timers: Timers;
  ask(packet: () => InputPacket): Promise<OutputPacket>;
  /** How far the server is known to have the user's delivered cursor. */
  acked(conversationId: string): number;
  onAcked(conversationId: string, seq: number): void;
}

/**
 * Tells the server what was delivered, coalesced. A cursor that could not be told is told again after the next login,
 * when the list shows that the server is behind.
 */
export class Acks {
  readonly #options: AcksOptions;
  readonly #delivered = new Map<string, number>();
  #inbox: InboxHead | undefined;
  #timer: TimerHandle | undefined;
  #stopped = false;

  constructor(options: AcksOptions) {
    this.#options = options;
  }

  delivered(conversationId: string, seq: number): void {
    this.#delivered.set(conversationId, Math.max(seq, this.#delivered.get(conversationId) ?? 0));
    this.#schedule();
  }

  inbox(place: InboxHead): void {
    this.#inbox = place;
    this.#schedule();
  }

  forget(conversationId: string): void {
    this.#delivered.delete(conversationId);
  }

  /** Ends the collecting and gives what was not told yet. */
  stop(): InputPacket[] {
    this.#stopped = true;
    this.#options.timers.clear(this.#timer);
    return this.#take().map(({ packet }) => packet);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer ??= this.#options.timers.set(() => this.#flush(), ACK_DELAY_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    for (const { packet, onDone } of this.#take()) {
      // A refusal means that the cursor is of no use any more (no member, another epoch); the end of the client, as much.
      this.#options.ask(() => packet).then(onDone, () => undefined);
    }
  }

  #take(): { packet: InputPacket; onDone(): void }[] {
    const due = [...this.#delivered]
      .filter(([id, seq]) => seq > this.#options.acked(id))
      .map(([id, seq]) => ({
        packet: deliveredPacket(id, seq),
        onDone: () => this.#options.onAcked(id, seq),
      }));
    if (this.#inbox) due.push({ packet: inboxPacket(this.#inbox), onDone: () => undefined });
    this.#delivered.clear();
    this.#inbox = undefined;
    return due;
  }
}

function deliveredPacket(conversationId: string, seq: number): InputPacket {
  return { cmd: CMD.ack, seq, payload: { conversation_id: conversationId, type: 'delivered' } };
}

function inboxPacket({ epoch, seq }: InboxHead): InputPacket {
  return { cmd: CMD.ack, seq, payload: { inbox: epoch } };
}
