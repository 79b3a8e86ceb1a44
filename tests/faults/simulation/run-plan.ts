import type { Timeline } from '../../../src/ports/timeline.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import type { WorkerDeps } from '../../../src/worker/deps.ts';
import { startWorker } from '../../../src/worker/worker.ts';
import type { Anomaly } from '../checker/anomaly.ts';
import { check } from '../checker/check.ts';
import { createRandom } from '../seeded-random.ts';
import { GATEWAYS, People } from './people.ts';
import type { ClientEvent, Fault, Plan } from './plan.ts';
import { type Action, Scheduler } from './scheduler.ts';
import { type LogFaults, SimulatedLog } from './simulated-log.ts';
import { createForgetfulStores, type ForgetfulStores } from './simulated-stores.ts';
import { insideStore, portsOf, type Stores } from './worker-ports.ts';

const WORKERS = 2;
const PARTITIONS = 2;
/** A run that is not at rest by then never will be. */
const STEPS_MAX = 5000;
/** Steps of the simulation in one millisecond of its clocks, so that things may happen in the same one. */
const STEPS_PER_MS = 10;
/** So that the order is drawn from other numbers than the plan was. */
const ORDER_SALT = 0x5bd1e995;
const EPOCH_MS = 1_700_000_000_000;
/** How far the numbers run back or ahead. */
const NUMBERS_SHIFT = 2;

/** What is broken on purpose, to see that it is found. */
export interface Breakage {
  log?: LogFaults;
  /** In the stores, for everyone. */
  stores?(stores: Stores): Stores;
  /** Between a worker and its stores: what a worker makes of their answers. */
  ports?(ports: Stores): Stores;
}

export interface Outcome {
  anomalies: Anomaly[];
  /** What happened, step by step. */
  trace: string[];
}

const logger = createLogger('silent', {});
const metrics = createMetrics();

/** Runs all of a plan, until nothing is left to happen, and judges it. `name` is of this run alone in its timeline. */
export async function runPlan(
  plan: Plan,
  timeline: Timeline,
  name: string,
  breakage: Breakage = {},
): Promise<Outcome> {
  const run = new Run(plan, timeline, name, breakage);
  await run.begin();
  while (await run.scheduler.step(run.actions())) {
    if (run.scheduler.now <= STEPS_MAX) continue;
    const text = `not at rest after ${STEPS_MAX} steps`;
    return { anomalies: [{ name: 'unseen', conversationId: '', text }], trace: run.scheduler.trace };
  }
  await run.people.end();
  return { anomalies: check(run.people.history), trace: run.scheduler.trace };
}

class Run {
  readonly scheduler: Scheduler;
  readonly people: People;
  private readonly stores: ForgetfulStores;
  private readonly shared: Stores;
  private readonly log: SimulatedLog;
  private readonly breakage: Breakage;
  private readonly events: ClientEvent[];
  private readonly faults: Fault[];
  /** Present lives; a worker that died has none until it is started again. */
  private readonly alive = new Set<string>();
  private readonly lives: number[] = Array.from({ length: WORKERS }, () => 0);
  private routesLost = false;

  constructor(plan: Plan, timeline: Timeline, name: string, breakage: Breakage) {
    this.scheduler = new Scheduler(createRandom(plan.seed ^ ORDER_SALT));
    this.stores = createForgetfulStores(timeline, this.wallClock);
    this.breakage = breakage;
    this.shared = breakage.stores?.(this.stores) ?? this.stores;
    this.events = [...plan.events];
    this.faults = [...plan.faults];
    const logOf = (caller: string) => this.log.portOf(caller);
    this.people = new People(this.scheduler, { ...this.stores, ...this.shared }, name, logOf, this.wallClock);
    this.log = new SimulatedLog(this.scheduler, PARTITIONS, this.people.conversationIds, breakage.log);
  }

  private readonly wallClock = (): number => EPOCH_MS + Math.floor(this.scheduler.now / STEPS_PER_MS);

  async begin(): Promise<void> {
    await this.people.begin();
    for (let worker = 0; worker < WORKERS; worker++) await this.start(worker);
  }

  actions(): Action[] {
    const actions = [...this.log.actions(), ...this.people.mendings(), ...this.restarts()];
    const [event] = this.events;
    const [fault] = this.faults;
    if (event) actions.push({ label: describe(event), act: () => this.takePlace(event) });
    if (fault) actions.push({ label: `! ${Object.values(fault).join(' ')}`, act: () => this.strike(fault) });
    if (this.routesLost) actions.push({ label: 'heartbeats', act: () => this.refreshRoutes() });
    return actions;
  }

  private async takePlace(event: ClientEvent): Promise<void> {
    this.events.shift();
    switch (event.do) {
      case 'send':
      case 'send again':
        return this.people.say(event.message, `text ${event.message.id}`);
      case 'send otherwise':
        return this.people.say(event.message, 'other');
      case 'recall':
        return this.people.recall(event.message);
      case 'reconnect':
        return this.people.reconnect(event.user);
      case 'remove':
        return this.people.remove();
    }
  }

  private async strike(fault: Fault): Promise<void> {
    this.faults.shift();
    switch (fault.fault) {
      case 'worker dies':
        return this.killOne();
      case 'gateway dies':
        return this.people.gatewayDies(fault.gateway % GATEWAYS.length);
      case 'partition moves':
        return this.log.rebalance(fault.partition);
      case 'offset is forgotten':
        return this.log.forget(fault.partition, fault.count);
      case 'call fails':
        return this.scheduler.strikeNext(fault.port, 'nothing done');
      case 'answer is lost':
        return this.scheduler.strikeNext(fault.port, 'answer lost');
      case 'numbers are forgotten':
        return this.stores.loseNumbers();
      case 'numbers run back':
        return this.shiftNumbers(-NUMBERS_SHIFT);
      case 'numbers run ahead':
        return this.shiftNumbers(NUMBERS_SHIFT);
      case 'inboxes are lost':
        return this.stores.loseInboxes();
      case 'routes are lost':
        this.routesLost = true;
        return this.stores.loseRoutes();
      case 'feed breaks':
        return this.people.breakFeed(fault.gateway % GATEWAYS.length);
    }
  }

  private async shiftNumbers(by: number): Promise<void> {
    const { timeline, sequencer } = this.stores;
    const heads = await timeline.headSeqs(this.people.conversationIds);
    await sequencer.reset(
      [...heads].map(([conversationId, head]) => ({ conversationId, lastSeq: Math.max(0, head + by) })),
    );
  }

  private killOne(): void {
    const life = this.scheduler.pick([...this.alive]);
    if (life === undefined) return;
    this.alive.delete(life);
    this.scheduler.abandon(life, insideStore(life));
    this.log.leave(life);
    this.scheduler.note(`  ${life} is dead`);
  }

  private restarts(): Action[] {
    return this.lives.flatMap((life, worker) => {
      if (this.alive.has(nameOf(worker, life))) return [];
      return [{ label: `worker ${worker} starts again`, act: () => this.start(worker) }];
    });
  }

  private async start(worker: number): Promise<void> {
    const life = ++this.lives[worker]!;
    const name = nameOf(worker, life);
    this.alive.add(name);
    const ports = portsOf(this.scheduler, name, this.shared);
    const deps: WorkerDeps = {
      ...(this.breakage.ports?.(ports) ?? ports),
      log: this.log.portOf(name),
      logger,
      metrics,
      now: this.wallClock,
    };
    await startWorker(deps);
  }

  private async refreshRoutes(): Promise<void> {
    this.routesLost = false;
    await this.people.refreshRoutes();
  }
}

function nameOf(worker: number, life: number): string {
  return `worker ${worker}${life === 1 ? '' : `.${life}`}`;
}

function describe(event: ClientEvent): string {
  if ('message' in event) {
    const { user, id, conversation } = event.message;
    return `${user}: ${event.do} m${id} to conversation ${conversation}`;
  }
  return 'user' in event ? `${event.user}: ${event.do}` : event.do;
}
