import { setImmediate as nextTurn } from 'node:timers/promises';
import { StoreUnavailable } from '../../../src/ports/errors.ts';

/** How a call ends where a fault hits it: refused with nothing done, or done and the answer lost. */
export type Fate = 'nothing done' | 'answer lost';

/** Something that may happen next. */
export interface Action {
  label: string;
  act(): void | Promise<void>;
}

interface Call {
  caller: string;
  label: string;
  run: () => Promise<unknown>;
  answer: PromiseWithResolvers<unknown>;
  state: 'called' | 'at work' | 'done';
  outcome?: { value: unknown } | { error: unknown };
  fate?: Fate;
  /** Calls of one line are carried out in the order in which they were made. */
  line?: string;
}

/** Share of calls whose answer arrives before anything else happens. */
const AT_ONCE = 0.6;

/**
 * Lets things happen one at a time, in an order that follows from the random numbers. What calls a port waits here:
 * that the call takes effect is one step, that its caller learns of it another, and anything may happen in between.
 */
export class Scheduler {
  readonly trace: string[] = [];
  private readonly random: () => number;
  private readonly dead = new Set<string>();
  private calls: Call[] = [];
  private steps = 0;
  private strikes: { port: string; fate: Fate }[] = [];

  constructor(random: () => number) {
    this.random = random;
  }

  /** Steps that were done: the clock of a history. */
  get now(): number {
    return this.steps;
  }

  /** The next call of this port that takes effect ends so. */
  strikeNext(port: string, fate: Fate): void {
    this.strikes.push({ port, fate });
  }

  call<T>(caller: string, label: string, run: () => Promise<T>, line?: string): Promise<T> {
    if (this.dead.has(caller)) return Promise.reject(new StoreUnavailable('simulation', 'the caller died'));
    const answer = Promise.withResolvers<unknown>();
    this.calls.push({ caller, label, run, answer, state: 'called', line });
    return answer.promise as Promise<T>;
  }

  /** The caller is dead and learns nothing more. A transaction that waits for it ends as if its connection had broken. */
  abandon(caller: string, inTransaction = ''): void {
    this.dead.add(caller).add(inTransaction);
    for (const call of this.calls) {
      if (call.caller === inTransaction)
        call.answer.reject(new StoreUnavailable('simulation', 'the caller died'));
    }
    this.calls = this.calls.filter((call) => !this.dead.has(call.caller));
  }

  pick<T>(items: T[]): T {
    return items[Math.floor(this.random() * items.length)]!;
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  /** Does one of these, or carries a call on. False where there is nothing to do. */
  async step(others: Action[]): Promise<boolean> {
    const actions = [...this.calls.flatMap((call) => this.carryOn(call)), ...others];
    if (actions.length === 0) return false;
    const { label, act } = this.pick(actions);
    this.steps += 1;
    this.note(label);
    await act();
    await nextTurn();
    return true;
  }

  note(text: string): void {
    this.trace.push(`${this.steps} ${text}`);
  }

  private carryOn(call: Call): Action[] {
    const { label, caller } = call;
    if (call.state === 'done') {
      return [{ label: `${caller} hears of ${label}`, act: () => this.deliver(call) }];
    }
    if (call.state === 'at work' || !this.isFirstInLine(call)) return [];
    return [{ label: `${caller}: ${label}`, act: () => this.execute(call) }];
  }

  private isFirstInLine(call: Call): boolean {
    if (call.line === undefined) return true;
    return this.calls.find(({ line, state }) => line === call.line && state === 'called') === call;
  }

  private async execute(call: Call): Promise<void> {
    const strike = this.strikes.find(({ port }) => call.label.startsWith(port));
    this.strikes = this.strikes.filter((other) => other !== strike);
    call.fate = strike?.fate;
    if (call.fate) this.note(`  ${call.fate}`);
    call.state = 'at work';
    const lost = new StoreUnavailable('simulation', call.fate ?? '');
    const outcome =
      call.fate === 'nothing done'
        ? Promise.resolve({ error: lost })
        : call.run().then(
            (value) => (call.fate ? { error: lost } : { value }),
            (error: unknown) => ({ error }),
          );
    void outcome.then((known) => {
      call.outcome = known;
      call.state = 'done';
    });
    await nextTurn();
    if (call.outcome && this.chance(AT_ONCE)) this.deliver(call);
  }

  private deliver(call: Call): void {
    this.calls = this.calls.filter((other) => other !== call);
    const outcome = call.outcome!;
    if ('error' in outcome) call.answer.reject(outcome.error);
    else call.answer.resolve(outcome.value);
  }
}
