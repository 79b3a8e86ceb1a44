import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import { StoreUnavailable } from '../../ports/errors.ts';
import { encodeInPooledMemory } from './kafka-encoder-memory.ts';
import { leaveOutIdleTimers } from './kafka-idle-timers.ts';

export interface KafkaOptions {
  brokers: string[];
  clientId: string;
  ssl?: boolean;
  sasl?: SASLOptions;
  /** Warnings and errors of the client, already as texts. */
  onLog?: (line: { level: 'warn' | 'error'; message: string }) => void;
}

/** A broker that does not answer within this is out of reach. */
export const REQUEST_TIMEOUT_MS = 3000;
const CONNECTION_TIMEOUT_MS = 2000;
/** kafkajs reports it as an error, though it is what happens whenever a member of a group comes or goes. */
const REBALANCING = 'The group is rebalancing, so a rejoin is needed';

leaveOutIdleTimers();
encodeInPooledMemory();

export function createKafkaClient({ brokers, clientId, ssl, sasl, onLog }: KafkaOptions): Kafka {
  const config: KafkaConfig = {
    brokers,
    clientId,
    ssl,
    sasl,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5 },
    logLevel: onLog ? logLevel.WARN : logLevel.NOTHING,
    logCreator:
      () =>
      ({ level, log }) => {
        if (log.error === REBALANCING) return;
        onLog?.({
          level: level === logLevel.ERROR ? 'error' : 'warn',
          message: String(log.error ?? log.message),
        });
      },
  };
  return new Kafka(config);
}

export function unavailable(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  return new StoreUnavailable('kafka', (error as Error).message, { cause: error });
}
