import type { Dashboard } from './dashboard.ts';
import { gateway } from './gateway.ts';
import { objectiveDelivered, objectiveSent } from './objectives.ts';
import { overview } from './overview.ts';
import { processes } from './processes.ts';
import { stores } from './stores.ts';
import { workerAndLog } from './worker-and-log.ts';

export const DASHBOARDS: Dashboard[] = [
  overview,
  gateway,
  workerAndLog,
  stores,
  processes,
  objectiveSent,
  objectiveDelivered,
];
