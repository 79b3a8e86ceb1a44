import os from 'node:os';

/** Names of the roles that a process can take. */
export const ROLES = ['standalone', 'gateway', 'worker', 'controller', 'migrate'] as const;
export type RoleName = (typeof ROLES)[number];

/** How one environment variable becomes a value. `parse` throws an `Error` that says what is wanted. */
export interface Variable<T> {
  about: string;
  /** As it would be written, for each role; undefined means that nothing is set. */
  fallback: (role: RoleName) => string | undefined;
  parse: (text: string) => T;
  secret?: boolean;
}

const LOOPBACK = '127.0.0.1';
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Every variable that seqline reads, in the order in which `check-config` shows them. */
export const VARIABLES = {
  HOST: text('Address to listen on.', (role) => (role === 'standalone' ? LOOPBACK : '0.0.0.0')),
  PORT: integer('Public port: WebSocket, HTTP API and page.', 8080, 0, 65_535),
  INTERNAL_PORT: integer('Port of /livez, /readyz and /metrics.', 9100, 0, 65_535),
  GATEWAY_ID: pattern('Names this gateway among all.', /^[A-Za-z0-9_.-]{1,128}$/, () => os.hostname()),
  DATA_DIR: text('Where standalone keeps its data.', () => './data'),
  LOG_LEVEL: oneOf('Least severe lines that are logged.', LEVELS(), (role) =>
    role === 'standalone' ? 'warn' : 'info',
  ),
  MYSQL_URL: secretUrl('MySQL: mysql://user:password@host:3306/database.', 'mysql:'),
  REDIS_URL: secretUrl('Redis: redis://host:6379, or rediss:// for TLS.', 'redis:', 'rediss:'),
  REDIS_CLUSTER: boolean('That is a Redis Cluster, and the URL leads to any of its servers.', () => 'false'),
  KAFKA_BROKERS: brokers('Kafka: host:port, several with commas between them.'),
  KAFKA_PARTITIONS: integer('Partitions of the topics; never changed on live ones.', 16, 1, 10_000),
  KAFKA_REPLICATION_FACTOR: integer('Replicas of topics that `migrate` makes.', 1, 1, 9),
  KAFKA_RETENTION_HOURS: integer(
    'How long those topics keep events; longer than any outage of the stores.',
    168,
    1,
    87_600,
  ),
  KAFKA_SSL: boolean('Speak TLS with Kafka.', () => 'false'),
  KAFKA_SASL_MECHANISM: oneOf(
    'How to log in to Kafka.',
    ['plain', 'scram-sha-256', 'scram-sha-512'],
    () => undefined,
  ),
  KAFKA_SASL_USERNAME: text('User of that login.', () => undefined),
  KAFKA_SASL_PASSWORD: secret('Password of that login.'),
  S3_ENDPOINT: url('Where pictures are kept: a server that speaks S3. Not set: the disk, in DATA_DIR.'),
  S3_BUCKET: pattern('Its bucket, which must exist.', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, () => undefined),
  S3_REGION: text('Its region.', () => 'us-east-1'),
  S3_ACCESS_KEY_ID: text('Key that may list the bucket, read it and write to it.', () => undefined),
  S3_SECRET_ACCESS_KEY: secret('Secret of that key.'),
  AUTH_JWT_SECRET: secret('Key of HS256 tokens. Standalone makes one on its first start.'),
  AUTH_JWKS_URL: url('Where the public keys of RS256, ES256 or EdDSA tokens are.'),
  AUTH_JWT_ISSUER: text('`iss` that tokens must carry.', () => undefined),
  AUTH_JWT_AUDIENCE: text('`aud` that tokens must carry.', () => undefined),
  AUTH_DEV_TOKENS: boolean('Give a token to whoever asks, for development.', () => undefined),
  AUTH_DEV_TOKENS_PUBLIC: boolean('Do so for other machines too.', () => 'false'),
  KUBERNETES_NAMESPACE: pattern(
    'In Kubernetes: namespace of the Lease of controllers, and of the gateways.',
    DNS_LABEL,
    () => undefined,
  ),
  KUBERNETES_LEASE: text('Lease that the active controller holds.', () => 'seqline-controller'),
  KUBERNETES_GATEWAYS: text("Labels of the gateways' pods.", () => 'app.kubernetes.io/component=gateway'),
  ALLOWED_ORIGINS: list('Origins of other sites whose pages may connect.'),
  TRUST_PROXY: boolean('Believe X-Forwarded-* headers.', () => 'false'),
  HEARTBEAT_INTERVAL_MS: integer('How often clients send a heartbeat.', 30_000, 50, 600_000),
  HEARTBEAT_TIMEOUT_MS: integer('Silence after which a session is offline.', 90_000, 100, 3_600_000),
  DRAIN_MS: byRole(
    'Time over which a stopping gateway sends its clients away.',
    (role) => (role === 'standalone' ? 500 : 30_000),
    0,
    600_000,
  ),
  MESSAGES_PER_SECOND: integer(
    'Messages that a session may send, twice as many in a burst; four times as many packets.',
    50,
    1,
    1_000_000,
  ),
  CONNECTIONS_PER_USER: integer('Devices of one user at once.', 20, 1, 1000),
  MEMBERS_PER_GROUP: integer('Members of one group.', 100_000, 1, 1_000_000),
  RECALL_WINDOW_MS: integer('How long a sender may recall a message.', 120_000, 0, 31_536_000_000),
  INBOX_LENGTH: integer('Messages that an inbox keeps.', 1000, 1, 100_000),
  INBOX_TTL_SECONDS: integer(
    'How long an inbox is kept after its last message, to a hundredth.',
    604_800,
    1,
    31_536_000,
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('Where traces go: a collector that speaks OTLP. Not set: there are none.'),
  OTEL_SERVICE_NAME: text('Name of this process in traces; else `seqline-` and its role.', () => undefined),
  OTEL_TRACES_SAMPLER: oneOf('What is traced.', SAMPLERS(), () => 'parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: ratio('The share that is traced, for the samplers that take a ratio.', 1),
} satisfies Record<string, Variable<unknown>>;

function LEVELS() {
  return ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
}

/** Those of the standard that need no service of their own. https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
function SAMPLERS() {
  return ['always_on', 'always_off', 'traceidratio'].flatMap((name) => [name, `parentbased_${name}`]);
}

function text(about: string, fallback: Variable<string>['fallback']): Variable<string> {
  return { about, fallback, parse: (value) => value };
}

function secret(about: string): Variable<string> {
  return { about, fallback: () => undefined, parse: (value) => value, secret: true };
}

function pattern(about: string, regexp: RegExp, fallback: Variable<string>['fallback']): Variable<string> {
  return {
    about,
    fallback,
    parse(value) {
      if (!regexp.test(value)) throw new Error(`must match ${regexp.source}`);
      return value;
    },
  };
}

function oneOf(about: string, values: string[], fallback: Variable<string>['fallback']): Variable<string> {
  return {
    about,
    fallback,
    parse(value) {
      if (!values.includes(value)) throw new Error(`must be one of ${values.join(', ')}`);
      return value;
    },
  };
}

function integer(about: string, fallback: number, min: number, max: number): Variable<number> {
  return byRole(about, () => fallback, min, max);
}

function byRole(
  about: string,
  fallback: (role: RoleName) => number,
  min: number,
  max: number,
): Variable<number> {
  return {
    about,
    fallback: (role) => String(fallback(role)),
    parse(value) {
      const number = Number(value);
      if (!/^\d+$/.test(value) || number < min || number > max) {
        throw new Error(`must be an integer from ${min} to ${max}`);
      }
      return number;
    },
  };
}

function ratio(about: string, fallback: number): Variable<number> {
  return {
    about,
    fallback: () => String(fallback),
    parse(value) {
      const number = Number(value);
      if (!(number >= 0 && number <= 1)) throw new Error('must be a number from 0 to 1');
      return number;
    },
  };
}

function boolean(about: string, fallback: Variable<boolean>['fallback']): Variable<boolean> {
  return {
    about,
    fallback,
    parse(value) {
      if (value !== 'true' && value !== 'false') throw new Error('must be true or false');
      return value === 'true';
    },
  };
}

function url(about: string): Variable<URL> {
  return {
    about,
    fallback: () => undefined,
    parse(value) {
      if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
        throw new Error('must be a URL that begins with https:// or http://');
      }
      return new URL(value);
    },
  };
}

/** A URL that may hold a password. */
function secretUrl(about: string, ...protocols: string[]): Variable<string> {
  return {
    about,
    fallback: () => undefined,
    parse(value) {
      if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
        throw new Error(`must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`);
      }
      return value;
    },
    secret: true,
  };
}

function brokers(about: string): Variable<string[]> {
  return {
    about,
    fallback: () => undefined,
    parse(value) {
      const list = value.split(',').map((part) => part.trim());
      if (!list.every((broker) => /^[^\s:/]+:\d+$/.test(broker)))
        throw new Error('must be host:port,host:port,…');
      return list;
    },
  };
}

function list(about: string): Variable<string[]> {
  return {
    about,
    fallback: () => '',
    parse(value) {
      const origins = value
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean);
      for (const origin of origins) {
        if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
          throw new Error(`must be origins like https://chat.example.com, and ${origin} is none`);
        }
      }
      return origins;
    },
  };
}
