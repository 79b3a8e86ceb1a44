/**
 * What may be wrong with a history. Where Jepsen's Kafka workload or Elle has a name for it, it is theirs; see
 * docs/testing-faults.md for what each means.
 */
export const ANOMALIES = [
  'lost-write',
  'unexpected',
  'G1a',
  'duplicate',
  'inconsistent-offsets',
  'nonmonotonic-send',
  'G0-realtime',
  'gap',
  'disagreement',
  'nonmonotonic-poll',
  'poll-skip',
  'unseen',
  'trespass',
] as const;
export type AnomalyName = (typeof ANOMALIES)[number];

export interface Anomaly {
  name: AnomalyName;
  conversationId: string;
  /** What was seen, in words. */
  text: string;
}
