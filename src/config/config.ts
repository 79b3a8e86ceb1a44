import { type RoleName, VARIABLES, type Variable } from './variables.ts';

/** All of these are set, or none. */
const S3_NAMES = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const;
type S3Name = (typeof S3_NAMES)[number];

type Name = keyof typeof VARIABLES;
/** Those that may be without a value. */
type Optional =
  | `AUTH_${'JWT_SECRET' | 'JWKS_URL' | 'JWT_ISSUER' | 'JWT_AUDIENCE' | 'DEV_TOKENS'}`
  | 'MYSQL_URL'
  | 'REDIS_URL'
  | 'KAFKA_BROKERS'
  | 'KUBERNETES_NAMESPACE'
  | `KAFKA_SASL_${'MECHANISM' | 'USERNAME' | 'PASSWORD'}`
  | `OTEL_${'EXPORTER_OTLP_ENDPOINT' | 'SERVICE_NAME'}`
  | S3Name;
type Parsed<N extends Name> = ReturnType<(typeof VARIABLES)[N]['parse']>;

/** The environment, read once: a value for each variable, undefined only where nothing is set and nothing follows. */
export type Config = { role: RoleName } & { [N in Exclude<Name, Optional>]: Parsed<N> } & {
  [N in Optional]: Parsed<N> | undefined;
};

export type Environment = Record<string, string | undefined>;

/** All that is wrong with the environment, each fault with its remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: string[];

  constructor(faults: string[]) {
    super(`The configuration is not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Reads the process's own environment; the only place that does. */
export function readConfig(role: RoleName): Config {
  return parseConfig(role, process.env);
}

/** Throws a `ConfigError` that names all faults at once. */
export function parseConfig(role: RoleName, env: Environment): Config {
  const faults = unknownVariables(env);
  const values: Record<string, unknown> = { role };
  for (const [name, variable] of Object.entries(VARIABLES) as [Name, Variable<unknown>][]) {
    const text = env[name] ? env[name] : variable.fallback(role);
    if (text === undefined) continue;
    try {
      values[name] = variable.parse(text);
    } catch (error) {
      const shown = variable.secret ? 'its value' : JSON.stringify(text);
      faults.push(`${name} ${(error as Error).message}, and ${shown} is not.`);
    }
  }
  if (faults.length === 0) faults.push(...contradictions(values as Config));
  if (faults.length > 0) throw new ConfigError(faults);
  const config = values as Config;
  config.AUTH_DEV_TOKENS ??= role === 'standalone' && isLoopback(config.HOST) && !config.AUTH_JWKS_URL;
  return config;
}

/** A misspelt variable would be ignored in silence; those with our prefix are refused. */
function unknownVariables(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('IM_') && !(name in VARIABLES))
    .map(
      (name) =>
        `${name} is not a variable of seqline; unset it, or see \`seqline check-config\` for their names.`,
    );
}

function contradictions(config: Config): string[] {
  const faults = [...missingServers(config), ...halfSetS3(config)];
  if (config.REDIS_CLUSTER && config.REDIS_URL && !/^\/?0?$/.test(new URL(config.REDIS_URL).pathname)) {
    faults.push('REDIS_URL must name no database with REDIS_CLUSTER=true: a Redis Cluster has one alone.');
  }
  if (config.HEARTBEAT_TIMEOUT_MS <= 2 * config.HEARTBEAT_INTERVAL_MS) {
    faults.push(
      'HEARTBEAT_TIMEOUT_MS must be more than twice HEARTBEAT_INTERVAL_MS, or one lost heartbeat ends a session.',
    );
  }
  if (config.AUTH_JWT_SECRET !== undefined && config.AUTH_JWKS_URL !== undefined) {
    faults.push('AUTH_JWT_SECRET and AUTH_JWKS_URL exclude each other: set the one that fits your tokens.');
  }
  if (config.AUTH_DEV_TOKENS && config.AUTH_JWKS_URL !== undefined) {
    faults.push('AUTH_DEV_TOKENS needs AUTH_JWT_SECRET: with AUTH_JWKS_URL there is no key to sign with.');
  }
  if (config.AUTH_DEV_TOKENS && !isLoopback(config.HOST) && !config.AUTH_DEV_TOKENS_PUBLIC) {
    faults.push(
      `AUTH_DEV_TOKENS lets anyone who reaches ${config.HOST} be anyone. If you want that, set AUTH_DEV_TOKENS_PUBLIC=true too.`,
    );
  }
  return faults;
}

/** Every role but standalone needs the servers, and a key that all gateways share. */
function missingServers(config: Config): string[] {
  if (config.role === 'standalone') return [];
  const faults = (['MYSQL_URL', 'REDIS_URL', 'KAFKA_BROKERS'] as const)
    .filter((name) => config[name] === undefined)
    .map((name) => `${name} is not set, and the role ${config.role} needs it; standalone needs no server.`);
  if (config.role === 'gateway' && !config.AUTH_JWT_SECRET && !config.AUTH_JWKS_URL) {
    faults.push('AUTH_JWT_SECRET or AUTH_JWKS_URL must be set: all gateways verify tokens alike.');
  }
  return faults;
}

function halfSetS3(config: Config): string[] {
  const missing = S3_NAMES.filter((name) => config[name] === undefined);
  if (missing.length === 0 || missing.length === S3_NAMES.length) return [];
  return [
    `${missing.join(', ')} must be set too: pictures go to S3 with ${S3_NAMES.join(', ')}, or else to the disk.`,
  ];
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** The outcome for people, one variable a line, secrets masked. */
export function describeConfig(config: Config): string {
  const names = Object.keys(VARIABLES) as Name[];
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => {
    const variable: Variable<unknown> = VARIABLES[name];
    return `${name.padEnd(width)}  ${show(config[name], variable).padEnd(24)}  ${variable.about}`;
  });
  return lines.join('\n');
}

function show(value: unknown, variable: Variable<unknown>): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '(not set)';
  return variable.secret ? '********' : String(value);
}
