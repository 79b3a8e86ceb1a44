import { ADMIN_TEXTS } from './admin-help.ts';

/** Where `chat` looks for a server unless told. */
export const CHAT_URL = 'http://127.0.0.1:8080';

const HELP = `seqline: an instant-messaging backend

Usage: seqline <command>

Run a server
  standalone            all in one process, on files in DATA_DIR; needs nothing else
  gateway               holds the clients' connections
  worker                stores and delivers messages
  controller            looks after gateways and routes
  migrate               brings stores to this version, then ends

Look around
  check-config [role]   show the configuration that the environment gives, secrets masked
  token <user>          a token for a user, for development
  chat <user>           talk in the terminal
  try                   send a message through a server and see it arrive
  admin <command>       lag, dead letters, routes, inboxes and conversations, for whoever is on call

  help [command]        this, or more about a command
  version               the version

All settings are environment variables: see seqline check-config.`;

const NEEDS = `It needs Kafka, MySQL and Redis: KAFKA_BROKERS, MYSQL_URL and REDIS_URL, prepared by seqline migrate.
While one of them is out of reach it is alive and not ready, says why on INTERNAL_PORT, and tries again.`;

const TEXTS: Record<string, string> = {
  standalone: `Usage: seqline standalone

Runs gateway and worker in one process with embedded stores: SQLite files in DATA_DIR (./data), memory for the rest.
It serves the page, the HTTP API and the WebSocket on http://127.0.0.1:8080, health and metrics on port 9100.
On its first start it makes a secret for signing tokens and keeps it in DATA_DIR; AUTH_JWT_SECRET overrides it.
SIGTERM or Ctrl-C drains: clients are sent away, all that was accepted is stored. A second one ends it at once.`,
  gateway: `Usage: seqline gateway

Holds the clients' connections and serves the HTTP API and the page. ${NEEDS}
AUTH_JWT_SECRET or AUTH_JWKS_URL must be set, alike for all gateways.`,
  worker: `Usage: seqline worker

Stores and delivers messages; several share the work. ${NEEDS}`,
  controller: `Usage: seqline controller

Removes gateways that are gone, with their routes, and shows how far the workers are behind. ${NEEDS}
In Kubernetes (KUBERNETES_NAMESPACE is set) several may run: one is active, by a Lease, and writes the deletion costs of
the gateways' pods.`,
  migrate: `Usage: seqline migrate

Brings MySQL's schema and Kafka's topics to this version, then ends with 0. It may run twice, and in two places at once.
It refuses to change the number of partitions of a live topic.`,
  'check-config': `Usage: seqline check-config [role]

Shows every setting with its value for the role (standalone unless told), secrets masked, and ends with 0.
Where something is wrong it names each fault with its remedy, and ends with 1.`,
  token: `Usage: seqline token <user>

Prints a token for the user, valid for 7 days, signed with AUTH_JWT_SECRET, or with the secret in DATA_DIR.
A user id is 1 to 64 characters of A-Z a-z 0-9 _ . - and begins with a letter or digit.`,
  chat: `Usage: seqline chat <user> [--to <user> | --group <id>] [--url ${CHAT_URL}] [--token <jwt>]

Talks in the terminal as <user>. Without --token it asks the server for a development token.
Type a line to send it; /help lists the commands.`,
  try: `Usage: seqline try [--url http://127.0.0.1:8080] [--token <jwt> --token <jwt>]

Sends a message from one user to another and waits until it arrives, then ends with 0; with 1 where it does not within
30 s. The users are new and their tokens signed with AUTH_JWT_SECRET, or with the secret in DATA_DIR, unless the tokens
of two users are given.`,
  ...ADMIN_TEXTS,
};

/** The help of the command's part, else of the command, else the whole. */
export function helpOf(command = '', part = ''): string {
  return TEXTS[`${command} ${part}`] ?? TEXTS[command] ?? HELP;
}
