/** What a test stands on that is not part of the project. */
export type Need = 'MYSQL_URL' | 'KAFKA_BROKERS' | 'redis-server';

/** One place where the promise is held, how to take exactly that out, and the test that then fails. */
export interface Safeguard {
  /** Several rows may be one safeguard, in its several implementations and halves. */
  name: string;
  /** What it holds there. */
  holds: string;
  /** What there would be without it. */
  prevents: string;
  file: string;
  /** Occurs in the file once. */
  text: string;
  /** What stands there once it is taken out. */
  instead: string;
  test: TestName;
  needs?: Need;
}

export interface TestName {
  file: string;
  /** The `describe` around it; a contract's names the adapter. */
  suite?: string;
  name: string;
}

const ONE_AT_A_TIME = 'while one claims numbers nobody else stores into the conversation';
const ID_TAKEN = 'a message id that is stored already is a conflict, and nothing is stored';
const MAY_NOT_SEND =
  'a message of somebody who may not send to the group is a conflict, and nothing is stored';
const WORKER_TEST = 'src/worker/worker.test.ts';
const SENDER_TEST = 'src/adapters/kafka/kafka-sender.test.ts';
const MEMBERSHIP_TEST = 'src/adapters/kafka/kafka-membership.test.ts';

export const SAFEGUARDS: Safeguard[] = [
  {
    name: 'the fence',
    holds: 'numbers are accepted only if they follow the conversation’s last one',
    prevents: 'a counter that forgot, or ran ahead, stays wrong',
    file: 'src/worker/claim-seqs.ts',
    text: 'firsts[i] !== claim.lastSeq + 1',
    instead: 'firsts[i] === undefined',
    test: {
      file: 'src/worker/claim-seqs.test.ts',
      name: 'a counter that forgot, or ran ahead, is set from the timeline; the others are left alone',
    },
  },
  {
    name: 'the fence',
    holds: 'SQLite: nobody else stores while numbers are claimed',
    prevents: 'two batches claim the same numbers',
    file: 'src/adapters/sqlite/sqlite-store.ts',
    text: 'lastEnds.then(() => storeNow(messages, claim))',
    instead: 'storeNow(messages, claim)',
    test: contractOf('sqlite', ONE_AT_A_TIME),
  },
  {
    name: 'the fence',
    holds: 'MySQL: the conversation’s row is locked from before numbers are claimed until they are stored',
    prevents: 'two workers claim the same numbers',
    file: 'src/adapters/mysql/mysql-store.ts',
    text: 'ORDER BY conversation_id FOR UPDATE`',
    instead: 'ORDER BY conversation_id`',
    test: contractOf('MySQL', ONE_AT_A_TIME),
    needs: 'MYSQL_URL',
  },
  {
    name: 'the fence',
    holds: 'MySQL: where numbers cannot be claimed, what is stored beside it ends before it is undone',
    prevents: 'its last statements are carried out after the transaction, and stay',
    file: 'src/adapters/mysql/mysql-store.ts',
    text: 'await Promise.allSettled([one, other]);',
    instead: '',
    test: {
      file: 'tests/integration/mysql-fence.test.ts',
      suite: 'the fence in MySQL',
      name: 'where numbers cannot be claimed the conversations are free at once, for others too',
    },
    needs: 'MYSQL_URL',
  },
  {
    name: 'the single send',
    holds: 'one send of a producer is under way at a time',
    prevents: 'the broker acknowledges an event and does not keep it; a session’s messages change places',
    file: 'src/adapters/kafka/kafka-sender.ts',
    text: 'this.sending ??= this.work();',
    instead: 'this.sending = this.work();',
    test: {
      file: SENDER_TEST,
      name: 'one send is under way at a time, and what comes meanwhile goes along with the next',
    },
  },
  {
    name: 'the single send',
    holds: 'a producer whose send failed is thrown away',
    prevents: 'its next send has the number of one that may be stored, and is taken for a repetition',
    file: 'src/adapters/kafka/kafka-sender.ts',
    text: 'this.abandon(producer, unavailable(error));',
    instead: 'this.lastFault = unavailable(error);',
    test: {
      file: SENDER_TEST,
      name: 'after a send that failed its producer is never used again, and what waited is refused',
    },
  },
  {
    name: 'the stale check',
    holds: 'a worker that has lost the partition goes no further',
    prevents: 'it stores, refuses and pushes beside who has the partition now',
    file: 'src/worker/worker.ts',
    text: 'if (!batch.owned())',
    instead: 'if (false)',
    test: {
      file: WORKER_TEST,
      name: 'a worker that loses the partition goes no further, and the batch is to come again',
    },
  },
  {
    name: 'the stale check',
    holds: 'a batch whose partition moved while it waited is not begun',
    prevents: 'it holds up the batches that are worked on with it',
    file: 'src/worker/gather-batches.ts',
    text: 'const owned = batch.owned();',
    instead: 'const owned = true;',
    test: {
      file: 'src/worker/gather-batches.test.ts',
      name: 'a batch whose partition moved while it waited is given back, and the others go on',
    },
  },
  {
    name: 'the stale check',
    holds: 'a membership ends where its process slept past its session',
    prevents: 'who wakes takes the partitions of others for its own',
    file: 'src/adapters/kafka/kafka-membership.ts',
    text: 'generation === joined && now() - confirmedAt < sessionTimeoutMs',
    instead: 'generation === joined',
    test: {
      file: MEMBERSHIP_TEST,
      name: 'a membership lasts as long as heartbeats are taken in time',
    },
  },
  {
    name: 'the stale check',
    holds: 'a membership ends where the group is joined anew',
    prevents: 'a batch of the generation before goes on under the new one',
    file: 'src/adapters/kafka/kafka-membership.ts',
    text: 'generation === joined && now()',
    instead: 'now()',
    test: {
      file: MEMBERSHIP_TEST,
      name: 'a handler of an earlier generation is none of the present one',
    },
  },
  {
    name: 'the stale check',
    holds: 'Kafka: a batch is owned only as long as the membership under which it was read',
    prevents: 'who was cut off is not told',
    file: 'src/adapters/kafka/kafka-consumer.ts',
    text: '!isStale() && isMember()',
    instead: '!isStale()',
    test: {
      file: 'tests/integration/kafka-consumer.test.ts',
      suite: 'a member of a consumer group',
      name: 'that was cut off past its session is told, and undoes nothing of who took over',
    },
    needs: 'KAFKA_BROKERS',
  },
  {
    name: 'adopting stored numbers',
    holds: 'what is stored already keeps its number, and is pushed again',
    prevents: 'a message that was stored is rejected when its batch is handed out again',
    file: 'src/worker/classify.ts',
    text: '(await timeline.findStored(events)).map(',
    instead: '(await timeline.findStored([])).map(',
    test: {
      file: WORKER_TEST,
      name: 'a batch that is handed out again stores nothing new, and pushes the same frames',
    },
  },
  {
    name: 'adopting stored numbers',
    holds: 'SQLite: a message is stored under its sender and its id once',
    prevents: 'two who did not find it there both store it',
    file: 'src/adapters/sqlite/sqlite-schema.ts',
    text: 'UNIQUE (sender_id, msg_id)',
    instead: 'CHECK (TRUE)',
    test: contractOf('sqlite', ID_TAKEN),
  },
  {
    name: 'adopting stored numbers',
    holds: 'MySQL: a message is stored under its sender and its id once',
    prevents: 'two who did not find it there both store it',
    file: 'src/adapters/mysql/mysql-schema.ts',
    text: 'UNIQUE KEY sender_message',
    instead: 'KEY sender_message',
    test: contractOf('MySQL', ID_TAKEN),
    needs: 'MYSQL_URL',
  },
  {
    name: 'resync',
    holds: 'Redis: a feed that was interrupted says so',
    prevents: 'nobody knows that pushes may be missing',
    file: 'src/adapters/redis/redis-subscriber.ts',
    text: 'onInterrupted();',
    instead: '',
    test: {
      file: 'tests/integration/redis-push-bus.test.ts',
      suite: 'Redis push bus',
      name: 'after a cut the feed tells that it was interrupted, and hears everything again',
    },
    needs: 'redis-server',
  },
  {
    name: 'resync',
    holds: 'a gateway whose feed was interrupted tells its sessions',
    prevents: 'the last message of a group is not seen until the next one',
    file: 'src/gateway/deliver.ts',
    text: 'if (gateway) spreadResync(gateway);',
    instead: '',
    test: {
      file: 'src/gateway/deliver.test.ts',
      name: 'after an interruption every session is told to pull, within three seconds and not all at once',
    },
  },
  {
    name: 'resync',
    holds: 'a client that is told pulls',
    prevents: 'the last message of a group is not seen until the next one',
    file: 'src/sdk/client.ts',
    text: "if (event.type === 'resync') this.#delivery.resync();",
    instead: '',
    test: {
      file: 'src/sdk/client.test.ts',
      name: 'a client that is told to resync pulls its inbox and its conversations',
    },
  },
  {
    name: 'the second membership check',
    holds: 'the worker looks at the sender’s standing before it stores',
    prevents: 'who is no member any more is told of a fault (500) instead of a refusal (403)',
    file: 'src/worker/classify.ts',
    text: 'if (detail !== undefined)',
    instead: 'if (false)',
    test: { file: WORKER_TEST, name: 'who is no member, or muted, is rejected, and the others are stored' },
  },
  {
    name: 'the second membership check',
    holds: 'SQLite: and the store while it stores',
    prevents: 'a message is stored whose sender was removed since the worker looked',
    file: 'src/adapters/sqlite/sqlite-store.ts',
    text: 'checkSenders(sql, messages);',
    instead: '',
    test: contractOf('sqlite', MAY_NOT_SEND),
  },
  {
    name: 'the second membership check',
    holds: 'MySQL: and the store while it stores',
    prevents: 'a message is stored whose sender was removed since the worker looked',
    file: 'src/adapters/mysql/mysql-store.ts',
    text: 'await checkSenders(tx, messages);',
    instead: '',
    test: contractOf('MySQL', MAY_NOT_SEND),
    needs: 'MYSQL_URL',
  },
];

/** A test of the contract of messages, which each timeline passes in its own file. */
function contractOf(adapter: 'sqlite' | 'MySQL', name: string): TestName {
  const file =
    adapter === 'sqlite' ? 'tests/contract/embedded.test.ts' : 'tests/integration/mysql-timeline.test.ts';
  return { file, suite: `messages contract: ${adapter}`, name };
}
