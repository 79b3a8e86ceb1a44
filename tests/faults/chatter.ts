import { createClient, memoryStore, type SeqlineClient, SeqlineError } from '../../src/sdk/index.ts';
import type { Target } from '../harness/target.ts';
import { tokenOf } from '../harness/tokens.ts';
import type { Observation, Reader, Send } from './checker/history.ts';
import { complete, invoke } from './checker/record.ts';

/** Quick, so that an outage is over for the clients soon after it is for the server. */
const RECONNECT = { baseMs: 50, maxMs: 300 };
/** Time from one burst to the next, at most. */
const PAUSE_MS_MAX = 400;
const BURST_MAX = 3;
/** A chatter with so much on its way says nothing more until some of it is answered. */
const UNANSWERED_MAX = 4;

/**
 * A user at an app made with the SDK, who talks at random in some conversations. It notes what it sent and what it was
 * handed, across restarts of the app; to come back after an outage is left to the SDK.
 */
export class Chatter {
  readonly userId: string;
  readonly conversationIds: string[];
  readonly sent: Send[] = [];
  /** What nothing explains: a message that was refused, a client that was sent away. */
  readonly errors: string[] = [];
  /** Sent by the app as it runs now, and not answered, or not known to be stored. */
  unanswered = 0;
  unstored = 0;
  /** Answers of the server, in all. */
  answered = 0;

  private readonly target: Target;
  private readonly random: () => number;
  /** What the app was handed of each conversation, in the order in which it was. */
  private readonly handed = new Map<string, Observation[]>();
  private readonly store = memoryStore();
  private client: SeqlineClient;
  private session = 1;
  private timer: NodeJS.Timeout | undefined;

  constructor(target: Target, userId: string, conversationIds: string[], random: () => number) {
    this.target = target;
    this.userId = userId;
    this.conversationIds = conversationIds;
    this.random = random;
    this.client = this.open();
  }

  connect(): Promise<void> {
    return this.client.connect();
  }

  /** How many messages the app was handed of a conversation: it is handed each once, in order, from the first on. */
  handedOf(conversationId: string): number {
    return this.handed.get(conversationId)?.length ?? 0;
  }

  get observations(): Observation[] {
    return [...this.handed.values()].flat();
  }

  /** There from the beginning to the end, in all conversations. */
  readers(): Reader[] {
    return this.conversationIds.map((conversationId) => ({
      userId: this.userId,
      conversationId,
      liveSince: 0,
    }));
  }

  /** Talks until `fallSilent`. */
  talk(): void {
    this.timer = setTimeout(() => {
      const burst = 1 + Math.floor(this.random() * BURST_MAX);
      for (let i = 0; i < burst && this.unanswered < UNANSWERED_MAX; i++) this.sayAnywhere();
      this.talk();
    }, this.random() * PAUSE_MS_MAX);
  }

  fallSilent(): void {
    clearTimeout(this.timer);
  }

  say(conversationId: string): void {
    const session = `${this.userId}-${this.session}`;
    const content = `${session} says its message ${this.sent.length + 1}`;
    const handle = this.client.send({ conversationId, content });
    const { msgId } = handle;
    const message = invoke({ conversationId, senderId: this.userId, session, msgId, content });
    this.sent.push(message);
    this.follow(session, handle.sent, 'unanswered', () => {
      complete(message, 0);
      this.answered += 1;
    });
    this.follow(session, handle.stored, 'unstored', ({ seq }) => {
      message.seq = seq;
    });
  }

  /** Ends the app wherever it is, with what it has on its way, and starts it again on what it had kept. */
  restart(): void {
    void this.client.close();
    this.session += 1;
    this.unanswered = 0;
    this.unstored = 0;
    this.client = this.open();
    this.connect().catch((error) => this.note(error));
  }

  async close(): Promise<void> {
    this.fallSilent();
    await this.client.close();
  }

  private sayAnywhere(): void {
    this.say(this.conversationIds[Math.floor(this.random() * this.conversationIds.length)]!);
  }

  private follow<T>(
    session: string,
    promise: Promise<T>,
    counter: 'unanswered' | 'unstored',
    onDone: (value: T) => void,
  ): void {
    this[counter] += 1;
    promise
      .then(onDone, (error) => this.note(error))
      .finally(() => {
        if (session === `${this.userId}-${this.session}`) this[counter] -= 1;
      });
  }

  private open(): SeqlineClient {
    const client = createClient({
      url: this.target.nextUrl(),
      token: () => tokenOf(this.target.secret, this.userId),
      store: this.store,
      reconnect: RECONNECT,
      random: this.random,
    });
    client.on('message', (message) => {
      const handed = this.handed.get(message.conversation_id) ?? [];
      this.handed.set(message.conversation_id, handed);
      handed.push({ reader: this.userId, via: 'feed', at: performance.now(), message });
    });
    client.on('error', (error) => this.note(error));
    client.on('closed', ({ code, reason }) => this.errors.push(`closed with ${code} ${reason}`));
    client.on('rejected', (event) => this.errors.push(JSON.stringify(event)));
    return client;
  }

  /** What an app that was ended had on its way is not answered, and not an error. */
  private note(error: unknown): void {
    if (error instanceof SeqlineError && error.error === 'closed') return;
    this.errors.push(String(error));
  }
}
