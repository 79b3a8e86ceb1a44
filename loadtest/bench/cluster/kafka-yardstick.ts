import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { Kafka } from 'kafkajs';
import { PARTITIONS, withAdmin } from './kafka-topics.ts';
import { runProgram } from './program.ts';

/** About what the event of a message of the workload has. */
const RECORD_BYTES = 350;
const RECORDS = 200_000;
const SCRIPT = 'kafka-producer-perf-test.sh';

/**
 * Kafka's own producer test: the program that KAFKA_PERF_TEST names, else the script of Kafka in KAFKA_HOME, else
 * undefined. Throws where it is named and cannot be run.
 */
export function kafkaPerfTest(): string | undefined {
  const { KAFKA_PERF_TEST, KAFKA_HOME } = process.env;
  const program = KAFKA_PERF_TEST ?? (KAFKA_HOME && path.join(KAFKA_HOME, 'bin', SCRIPT));
  try {
    if (program) accessSync(program, constants.X_OK);
  } catch {
    throw new Error(`There is no program ${program}. Set KAFKA_PERF_TEST to that of Kafka's producer test.`);
  }
  return program;
}

/** Records a second that it appends, each durable as seqline's events are, to a topic that is removed afterwards. */
export async function kafkaRecordsPerSecond(program: string, kafka: Kafka): Promise<number> {
  const topic = `seqline-bench-${randomBytes(4).toString('hex')}`;
  return await withAdmin(kafka, async (admin) => {
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: PARTITIONS }] });
    try {
      const output = await runProgram(program, [
        ...['--topic', topic, '--num-records', String(RECORDS), '--record-size', String(RECORD_BYTES)],
        ...['--throughput', '-1', '--producer-props', `bootstrap.servers=${process.env.KAFKA_BROKERS}`],
        ...['acks=all', 'enable.idempotence=true'],
      ]);
      return perSecond(output);
    } finally {
      await admin.deleteTopics({ topics: [topic] });
    }
  });
}

/** The last line sums up: "200000 records sent, 81234.5 records/sec (…". */
function perSecond(output: string): number {
  const summaries = [...output.matchAll(/records sent, ([\d.]+) records\/sec/g)];
  if (summaries.length === 0) throw new Error(`Kafka's producer test gave no rate:\n${output}`);
  return Number(summaries.at(-1)![1]);
}
