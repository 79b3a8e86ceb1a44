import type { Cluster } from '../../../tests/harness/cluster.ts';
import type { Environment } from '../../../tests/harness/own-server.ts';
import type { Measurements } from '../report.ts';
import type { Counts } from './bench-cluster.ts';
import { measureBigGroup } from './big-group.ts';
import { measureCosts } from './costs.ts';
import { measureFlatCost } from './flat-cost.ts';
import { measureProcesses } from './processes.ts';
import { measureTelemetryCost } from './telemetry-cost.ts';
import { measureTraffic } from './traffic.ts';

/** Starts gateways and workers on stores of their own. */
export type StartCluster = (env?: Environment, counts?: Counts) => Promise<Cluster>;

interface Subject {
  about: string;
  measure(start: StartCluster, seconds: number): Promise<Measurements>;
}

export const SUBJECTS = {
  traffic: { about: 'direct messages at saturation, and their latencies below it', measure: measureTraffic },
  flat: {
    about:
      'that a message costs as much among 100,000 conversations as among 1,000, and after 1,000,000 messages',
    measure: measureFlatCost,
  },
  processes: {
    about: 'that a message costs as much with one to four gateways, and with one to four workers',
    measure: measureProcesses,
  },
  costs: {
    about: 'what a connection, a heartbeat, a message and a delivery take of each server',
    measure: measureCosts,
  },
  big_group: {
    about: 'messages to a group of 100,000 of whom 10,000 are online, at four gateways',
    measure: measureBigGroup,
  },
  telemetry: {
    about: 'what metrics and tracing cost: they are switched off and on under the same load',
    measure: measureTelemetryCost,
  },
} satisfies Record<string, Subject>;

export type SubjectName = keyof typeof SUBJECTS;
