import type { ClusterRole } from '../../harness/cluster.ts';
import type { Environment } from '../../harness/own-server.ts';
import type { Toxiproxy, Way } from '../../harness/toxiproxy.ts';
import { preloading } from './clock-fault.ts';

const { MYSQL_URL, KAFKA_BROKERS } = process.env;
const ROLES: ClusterRole[] = ['gateway', 'worker'];

/** The ways of each role to each store. */
export interface Ways {
  all: Way[];
  /** Leads a role's processes by them: to Kafka by `preload-detour.ts`, which says why. */
  detoured(role: ClusterRole, env: Environment): Environment;
}

export async function openWays(toxiproxy: Toxiproxy, redisPort: number): Promise<Ways> {
  const { hostname, port } = new URL(MYSQL_URL!);
  // Of several brokers the others are reached as ever.
  const broker = KAFKA_BROKERS!.split(',')[0]!;
  const [brokerHost, brokerPort] = broker.split(':');
  const open = async (role: ClusterRole) => ({
    mysql: await toxiproxy.way(`${role}s-mysql`, { host: hostname, port: Number(port || 3306) }),
    redis: await toxiproxy.way(`${role}s-redis`, { host: '127.0.0.1', port: redisPort }),
    kafka: await toxiproxy.way(`${role}s-kafka`, { host: brokerHost!, port: Number(brokerPort) }),
  });
  const waysOf = { gateway: await open('gateway'), worker: await open('worker') };
  return {
    all: ROLES.flatMap((role) => Object.values(waysOf[role])),
    detoured(role, env) {
      const { mysql, redis, kafka } = waysOf[role];
      return {
        ...env,
        MYSQL_URL: via(env.MYSQL_URL!, mysql),
        REDIS_URL: via(env.REDIS_URL!, redis),
        DETOUR_FROM: broker,
        DETOUR_TO: `${kafka.host}:${kafka.port}`,
        NODE_OPTIONS: `${env.NODE_OPTIONS} ${preloading('detour')}`,
      };
    },
  };
}

function via(url: string, { host, port }: Way): string {
  const detour = new URL(url);
  detour.host = `${host}:${port}`;
  return detour.href;
}
