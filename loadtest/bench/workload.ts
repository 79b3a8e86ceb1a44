import type { Seqline, ServerProcess } from './servers.ts';

export interface Measurement {
  value: number;
  unit: string;
  /** The same of the bare server. */
  yardstick: number;
  ratio: number;
  /** From when a send was due to its message at the receiver. */
  latency?: Latency;
  aim: string;
  met: boolean;
  /** What else is worth a line. */
  notes: string[];
}

export interface Latency {
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
}

export interface Servers {
  seqline: Seqline;
  bare: ServerProcess;
}

/** Measures on two servers that nobody used before, and closes its connections. */
export type Workload = (servers: Servers, seconds: number) => Promise<Measurement>;
