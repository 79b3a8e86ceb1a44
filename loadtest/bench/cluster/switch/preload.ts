/**
 * Loaded before a process's own code (`NODE_OPTIONS=--import`). `SWITCH` says what SIGUSR2 switches off and on again:
 * the process's metrics, or its tracing. The modules beside this one stand in for those that make them.
 */
import { createRequire, registerHooks } from 'node:module';
import type { PerformanceObserverInit } from 'node:perf_hooks';
import { state } from './state.ts';

const HERE = new URL('.', import.meta.url).href;
const SOURCES = new URL('../../../../src/', HERE).href;
const STAND_INS = {
  metrics: { 'telemetry/metrics.ts': 'metrics.ts', 'roles/observed.ts': 'observed.ts' },
  tracing: { 'roles/tracing.ts': 'tracing.ts' },
};

const what = process.env.SWITCH as keyof typeof STAND_INS;
const standIns = new Map(Object.entries(STAND_INS[what]).map(([real, own]) => [SOURCES + real, HERE + own]));

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const standIn = context.parentURL?.startsWith(HERE) ? undefined : standIns.get(resolved.url);
    return standIn ? { ...resolved, url: standIn } : resolved;
  },
});

const onSwitch: (() => void)[] = [];
if (what === 'metrics') switchNodeMetrics();
process.on('SIGUSR2', () => {
  state.on = !state.on;
  for (const turn of onSwitch) turn();
});

/** What prom-client watches of Node.js itself costs something whether or not anyone reads it. */
function switchNodeMetrics(): void {
  const hooks: typeof import('node:perf_hooks') = createRequire(import.meta.url)('node:perf_hooks');
  const { PerformanceObserver, monitorEventLoopDelay } = hooks;
  hooks.PerformanceObserver = class extends PerformanceObserver {
    override observe(options: PerformanceObserverInit): void {
      super.observe(options);
      onSwitch.push(() => (state.on ? super.observe(options) : this.disconnect()));
    }
  } as typeof PerformanceObserver;
  hooks.monitorEventLoopDelay = (options) => {
    const histogram = monitorEventLoopDelay(options);
    onSwitch.push(() => (state.on ? histogram.enable() : histogram.disable()));
    return histogram;
  };
}
