import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Member, startMember, untilReady } from './member.ts';

/**
 * Runs seqline as on several machines, for development: migrate, then two gateways, two workers and a controller as
 * processes on loopback, on the servers that the environment names. Ctrl-C ends them in good order.
 */
const SERVERS = ['MYSQL_URL', 'REDIS_URL', 'KAFKA_BROKERS'];
const PORT = Number(process.env.PORT || 8081);
const INTERNAL_PORT = Number(process.env.INTERNAL_PORT || 9101);
/** npm passes on a Ctrl-C that the terminal sent to everyone: what comes this soon after the first is the same signal. */
const SAME_SIGNAL_MS = 100;

const ENVIRONMENT = {
  AUTH_JWT_SECRET: randomBytes(32).toString('hex'),
  AUTH_DEV_TOKENS: 'true',
  // Both gateways keep pictures in this folder, so each finds those of the other.
  DATA_DIR: './data/cluster',
  DRAIN_MS: '500',
  LOG_LEVEL: 'warn',
  ...process.env,
  HOST: '127.0.0.1',
};

/** In the order in which they end: who accepts before who stores. */
const ROUNDS = [['gateway', 'gateway'], ['worker', 'worker'], ['controller']];

const missing = SERVERS.filter((name) => !process.env[name]);
if (missing.length > 0) {
  console.error(`npm run cluster needs servers of MySQL, Redis and Kafka. Set ${missing.join(', ')}, such as:

  export MYSQL_URL=mysql://user:password@127.0.0.1:3306/database
  export REDIS_URL=redis://127.0.0.1:6379
  export KAFKA_BROKERS=127.0.0.1:9092

Or run all of it in one process, without any of them: npm start`);
  process.exit(1);
}

/** `migrate`, and then the rounds. */
const started: Member[][] = [];
const everyone = () => started.flat();
process.once('exit', () => {
  for (const member of everyone()) member.kill();
});
const stopping = new AbortController();
const stopped = once(stopping.signal, 'abort').then(() => undefined);
stopAtSignal();
try {
  await migrate();
  if (!stopping.signal.aborted) await start();
  if (!stopping.signal.aborted) greet();
  const lost = await Promise.race([stopped, ...everyone().slice(1).map(nameOnceEnded)]);
  if (lost) throw new Error(`${lost} ended by itself; the others are stopped.`);
} catch (error) {
  console.error(`cluster: ${(error as Error).message}`);
  process.exitCode = 1;
}
for (const round of started) await Promise.all(round.map((member) => member.stop()));
process.exit();

async function migrate(): Promise<void> {
  const member = startMember('migrate', 'migrate', { ...ENVIRONMENT });
  started.push([member]);
  if ((await member.ended) !== 0) throw new Error('migrate failed: see its lines.');
}

async function start(): Promise<void> {
  const starting: Promise<void>[] = [];
  let port = PORT;
  let internalPort = INTERNAL_PORT;
  for (const roles of ROUNDS) {
    const round = roles.map((role, index) => {
      const name = roles.length > 1 ? `${role}-${index + 1}` : role;
      const ports = { PORT: String(port++), INTERNAL_PORT: String(internalPort) };
      const member = startMember(name, role, { ...ENVIRONMENT, ...ports, GATEWAY_ID: name });
      starting.push(untilReady(member, internalPort++));
      return member;
    });
    started.push(round);
  }
  await Promise.race([Promise.all(starting), stopped]);
}

function greet(): void {
  const health = everyone()
    .slice(1)
    .map(({ name }, index) => `${name} ${INTERNAL_PORT + index}`);
  console.log(`
  The cluster is ready. Two people talk across its gateways:

  alice      http://127.0.0.1:${PORT}/?user=alice
  bob        http://127.0.0.1:${PORT + 1}/?user=bob
  Health     http://127.0.0.1:<port>/readyz, by port: ${health.join(', ')}

  Ctrl-C stops it; everything that was sent is kept.
`);
}

async function nameOnceEnded({ name, ended }: Member): Promise<string> {
  await ended;
  return name;
}

/** The first SIGINT or SIGTERM; a second one ends everything at once. */
function stopAtSignal(): void {
  let firstAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (firstAt !== undefined && performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(1);
      firstAt ??= performance.now();
      stopping.abort();
    });
  }
}
