import { setTimeout as pause } from 'node:timers/promises';
import type { Fault, Heal } from './fault.ts';
import type { Step } from './schedule.ts';

/** Does what a schedule says, and mends whatever is left broken when it is disposed of. */
export interface Nemesis extends AsyncDisposable {
  begin(fault: Fault): Promise<void>;
  /** Mends all that it began, side by side: a process may need the server that is mended beside it. */
  healAll(): Promise<void>;
  /** One step without its rest: the faults begin, last, and are mended. */
  inflict(step: Pick<Step, 'faults' | 'holdMs'>): Promise<void>;
}

export function createNemesis(): Nemesis {
  const heals: { fault: Fault; heal: Heal }[] = [];
  const nemesis: Nemesis = {
    async begin(fault) {
      const heal = await fault.begin();
      heals.push({ fault, heal });
    },

    async healAll() {
      const broken = heals.splice(0);
      const outcomes = await Promise.allSettled(broken.map(({ heal }) => heal()));
      const errors = outcomes.flatMap((outcome, index) =>
        outcome.status === 'rejected' ? [`${broken[index]!.fault.name}: ${outcome.reason}`] : [],
      );
      if (errors.length > 0) throw new Error(`Not mended: ${errors.join('; ')}`);
    },

    async inflict({ faults, holdMs }) {
      try {
        for (const fault of faults) await nemesis.begin(fault);
        await pause(holdMs);
      } finally {
        await nemesis.healAll();
      }
    },

    [Symbol.asyncDispose]: () => nemesis.healAll(),
  };
  return nemesis;
}
