/**
 * What outages of the stores do to the memory of gateways and workers: `npm run outages -- --minutes 10 --rate 200`. One
 * store after the other is silent for that long while people go on talking; ends with 1 where a process took more memory
 * than it may, or a promise is broken.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { until } from '../contract/wait.ts';
import { freshUser } from '../harness/names.ts';
import { readMetrics } from '../harness/read-metrics.ts';
import { lagOf } from './caught-up.ts';
import { check } from './checker/check.ts';
import { emptyHistory, type FinalPull } from './checker/history.ts';
import { type Arena, NO_ARENA, openArena } from './nemesis/arena.ts';
import { pullHistory } from './pull-history.ts';
import { type SteadyTalk, talkSteadily } from './steady-talk.ts';

const USERS = 20;
const CONTENT = 'x'.repeat(500);
const STORES = ['kafka', 'mysql', 'redis'];
const ANOMALIES_SHOWN = 20;
const MINUTE_MS = 60_000;
const SAMPLE_MS = 5000;
/** Talk before the first outage, so that what is measured is not the start. */
const WARM_UP_MS = MINUTE_MS;
/** What waited in the log is worked through. */
const CAUGHT_UP_MS_MAX = 10 * MINUTE_MS;
/** Resident memory that a process may have at most, and how much more of it may be in use in an outage than before. */
const RESIDENT_BYTES_MAX = 700e6;
const USED_GROWTH_BYTES_MAX = 100e6;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '200' } },
});
const outageMs = Number(values.minutes) * MINUTE_MS;
const perSecond = Number(values.rate);
if (NO_ARENA || !(outageMs > 0) || !(perSecond > 0)) {
  console.error(NO_ARENA || '--minutes and --rate must be numbers above 0');
  process.exitCode = 1;
} else await measure();

async function measure(): Promise<void> {
  await using arena = await openArena();
  const users = Array.from({ length: USERS }, () => freshUser('u'));
  const talk = talkSteadily(arena.cluster, { users, perSecond, content: CONTENT });
  try {
    const before = new Map(summaryOf(await watch('before', arena, talk, WARM_UP_MS)));
    for (const store of STORES) {
      const heal = await arena.faults.find(({ name }) => name === `pause of ${store}`)!.begin();
      const samples = await watch(`${store} is silent`, arena, talk, outageMs).finally(heal);
      await arena.recovered();
      await caughtUp(arena, perSecond);
      for (const [name, { resident, used }] of summaryOf(lastMinuteOf(samples))) {
        const growth = used - before.get(name)!.used;
        assert.ok(
          growth < USED_GROWTH_BYTES_MAX,
          `${name} uses ${megabytes(growth)} more while ${store} is silent`,
        );
        assert.ok(
          resident < RESIDENT_BYTES_MAX,
          `${name} has ${megabytes(resident)} while ${store} is silent`,
        );
      }
    }
    await watch('after', arena, talk, WARM_UP_MS);
  } finally {
    talk.stop();
  }
  await caughtUp(arena, 0);
  await judge(arena, talk);
}

/** Bytes of a process: what the system gave it, and what it uses of that, garbage included. */
interface Memory {
  resident: number;
  used: number;
}
/** By the process' name. */
type Sample = Map<string, Memory>;

/** Looks at the memory of all processes for so long, and prints a line a minute. */
async function watch(what: string, arena: Arena, { sent }: SteadyTalk, forMs: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const startedAt = performance.now();
  let from = sent.length;
  for (let nextAt = MINUTE_MS; performance.now() - startedAt < forMs; ) {
    await pause(SAMPLE_MS);
    samples.push(await memoryOf(arena));
    if (performance.now() - startedAt < nextAt) continue;
    const said = sent.slice(from);
    const answered = said.filter(({ outcome }) => outcome === 'answered').length;
    const memory = summaryOf(lastMinuteOf(samples)).map(
      ([, { resident, used }]) => `${megabytes(resident)} (${megabytes(used)} used)`,
    );
    console.log(
      `${what.padEnd(16)} minute ${nextAt / MINUTE_MS}: ${memory.join('  ')}; ${answered} of ${said.length} answered`,
    );
    from = sent.length;
    nextAt += MINUTE_MS;
  }
  return samples;
}

async function memoryOf({ cluster }: Arena): Promise<Sample> {
  const sample: Sample = new Map();
  for (const { name, internalUrl } of [...cluster.gateways, ...cluster.workers]) {
    const metrics = await readMetrics(internalUrl);
    sample.set(name, {
      resident: metrics.value('process_resident_memory_bytes'),
      used: metrics.value('nodejs_heap_size_used_bytes') + metrics.value('nodejs_external_memory_bytes'),
    });
  }
  return sample;
}

function lastMinuteOf(samples: Sample[]): Sample[] {
  return samples.slice(-MINUTE_MS / SAMPLE_MS);
}

/** The most that was resident, and the least that was used: that with the least garbage. */
function summaryOf(samples: Sample[]): [name: string, Memory][] {
  return [...samples[0]!.keys()].map((name) => {
    const own = samples.map((sample) => sample.get(name)!);
    const resident = Math.max(...own.map((memory) => memory.resident));
    return [name, { resident, used: Math.min(...own.map(({ used }) => used)) }];
  });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** Until no more waits in the log than so much. */
async function caughtUp({ cluster }: Arena, lagMax: number): Promise<void> {
  const [worker] = cluster.workers;
  const isDone = async () => (await lagOf(worker!.internalUrl)) <= lagMax;
  await until('what was said is stored', isDone, CAUGHT_UP_MS_MAX);
}

/** Everything that was answered is there once, in order and without gaps. */
async function judge({ cluster }: Arena, { sent }: SteadyTalk): Promise<void> {
  const finals: FinalPull[] = [];
  for (const [conversationId, sends] of Map.groupBy(sent, (send) => send.conversationId)) {
    finals.push(await pullHistory(cluster, sends[0]!.senderId, conversationId));
  }
  const anomalies = check({ ...emptyHistory(), sends: sent, finals });
  assert.deepEqual(anomalies.slice(0, ANOMALIES_SHOWN), []);
  const answered = sent.filter(({ outcome }) => outcome === 'answered').length;
  console.log(`${answered} of ${sent.length} messages answered, no promise broken`);
}
