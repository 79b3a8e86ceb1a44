import type { Fault } from './fault.ts';

/** Some faults, all at once for a while, and then a rest in which all is well. */
export interface Step {
  faults: Fault[];
  holdMs: number;
  restMs: number;
}

export interface Bounds {
  /** Faults at the same time, at most; each of another subject. */
  atOnceMax: number;
  holdMs: { min: number; max: number };
  restMs: { min: number; max: number };
}

/** Steps without end; they follow from the faults and the random numbers alone. */
export function* schedule(faults: Fault[], random: () => number, bounds: Bounds): Generator<Step, never> {
  const between = ({ min, max }: { min: number; max: number }) => Math.round(min + random() * (max - min));
  for (;;) {
    const count = between({ min: 1, max: bounds.atOnceMax });
    const chosen: Fault[] = [];
    while (chosen.length < count) {
      const free = faults.filter(({ subject }) => chosen.every((other) => other.subject !== subject));
      if (free.length === 0) break;
      chosen.push(drawn(free, random));
    }
    yield { faults: chosen, holdMs: between(bounds.holdMs), restMs: between(bounds.restMs) };
  }
}

/** Each subject is as likely as any other, however many faults it may suffer. */
function drawn(faults: Fault[], random: () => number): Fault {
  const bySubject = [...Map.groupBy(faults, ({ subject }) => subject).values()];
  return pick(pick(bySubject, random), random);
}

function pick<T>(list: T[], random: () => number): T {
  return list[Math.floor(random() * list.length)]!;
}

export function describeStep({ faults, holdMs, restMs }: Step): string {
  return `${faults.map(({ name }) => name).join(' + ')} for ${holdMs} ms, then rest for ${restMs} ms`;
}
