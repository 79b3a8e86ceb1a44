import { type Counter, Gauge, Histogram } from 'prom-client';
import { HotHistogram } from '../../../../src/telemetry/hot-histogram.ts';
import * as real from '../../../../src/telemetry/metrics.ts';
import { switched } from './state.ts';

export * from '../../../../src/telemetry/metrics.ts';

const nothing = () => {};

/** The metrics of a process, which count nothing while they are switched off. */
export function createMetrics(...args: Parameters<typeof real.createMetrics>): real.Metrics {
  const { register, ...instruments } = real.createMetrics(...args);
  const withSwitch = Object.entries(instruments).map(([name, one]) => [name, switchable(one)]);
  return { register, ...Object.fromEntries(withSwitch) };
}

function switchable(instrument: object): object {
  if (instrument instanceof HotHistogram) {
    return { observe: switched(instrument.observe.bind(instrument), nothing) };
  }
  if (instrument instanceof Histogram) {
    return Object.assign(Object.create(instrument), {
      observe: switched(instrument.observe.bind(instrument), nothing),
      startTimer: switched(instrument.startTimer.bind(instrument), () => nothing),
      labels: (...values: string[]) => {
        const child = instrument.labels(...values);
        return { ...child, observe: switched(child.observe.bind(child), nothing) };
      },
    });
  }
  if (instrument instanceof Gauge) {
    return Object.assign(Object.create(instrument), {
      inc: switched(instrument.inc.bind(instrument), nothing),
      dec: switched(instrument.dec.bind(instrument), nothing),
      set: switched(instrument.set.bind(instrument), nothing),
    });
  }
  const counter = instrument as Pick<Counter, 'inc'>;
  return Object.assign(Object.create(counter), { inc: switched(counter.inc.bind(counter), nothing) });
}
