import type { Plan } from './plan.ts';

/** For each smaller plan so many orders are tried: what goes wrong where a fault hits one moment shows in one of a hundred. */
const ORDERS = 300;

/**
 * Makes a plan smaller for as long as it goes wrong: leaves out one event or one fault after the other. `fails` tells
 * whether a plan still goes wrong.
 */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let smallest = plan;
  for (let smaller = await firstFailing(smallest, fails); smaller; ) {
    smallest = smaller;
    smaller = await firstFailing(smallest, fails);
  }
  return smallest;
}

async function firstFailing(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan | undefined> {
  const { events, faults } = plan;
  const without = [
    ...faults.map((_, index) => ({ events, faults: faults.toSpliced(index, 1) })),
    ...events.map((_, index) => ({ events: events.toSpliced(index, 1), faults })),
  ];
  for (const candidate of without) {
    for (let order = 0; order < ORDERS; order++) {
      const smaller = { ...candidate, seed: plan.seed + order };
      if (await fails(smaller)) return smaller;
    }
  }
  return undefined;
}
