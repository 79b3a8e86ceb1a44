import type { Workload } from './workload.ts';
import { catchUp } from './workloads/catch-up.ts';
import { direct } from './workloads/direct.ts';
import { groupFanout } from './workloads/group-fanout.ts';
import { heartbeat } from './workloads/heartbeat.ts';
import { idleMemory } from './workloads/idle-memory.ts';

/** By the names that the command line and the JSON use. */
export const WORKLOADS = {
  heartbeat,
  direct,
  group_fanout: groupFanout,
  idle_memory: idleMemory,
  catch_up: catchUp,
} satisfies Record<string, Workload>;

export type WorkloadName = keyof typeof WORKLOADS;
