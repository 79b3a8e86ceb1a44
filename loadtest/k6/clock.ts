import { setTimeout } from 'k6/timers';
import type { Clock } from './pace.ts';

export const CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
