import type { Admin, Kafka } from 'kafkajs';

/** Of each topic of a bench: as many as seqline's have where nothing is said. */
export const PARTITIONS = 16;

export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
