import { parseArgs } from 'node:util';
import { describeConfig, readConfig } from '../config/config.ts';
import { packageVersion } from '../config/package.ts';
import { signDevToken, signingSecret } from '../config/signing-secret.ts';
import { ROLES, type RoleName } from '../config/variables.ts';
import { isUserId } from '../protocol/ids.ts';
import type { OpenOperations } from './admin.ts';
import { CHAT_URL, helpOf } from './help.ts';

const OK = 0;
const USAGE = 2;

/** Carries out a command that is no role; gives the exit code. `open` opens what `admin` looks at. */
export async function runCommand(name: string, args: string[], open: OpenOperations): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) return print(helpOf(name, args[0]));
  switch (name) {
    case '':
    case 'help':
    case '--help':
    case '-h':
      return print(helpOf(args[0], args[1]));
    case '--version':
    case 'version':
      return print(packageVersion());
    case 'check-config':
      return checkConfig(args);
    case 'token':
      return token(args);
    case 'chat':
      return chat(args);
    case 'try':
      return tryServer(args);
    case 'admin':
      return admin(args, open);
    default:
      console.error(`seqline: there is no command ${name}. See seqline --help.`);
      return USAGE;
  }
}

function print(text: string): number {
  console.log(text);
  return OK;
}

function checkConfig(args: string[]): number {
  const role = args[0] ?? 'standalone';
  if (!ROLES.includes(role as RoleName)) {
    console.error(`seqline: ${role} is no role. Roles: ${ROLES.join(', ')}.`);
    return USAGE;
  }
  return print(
    `${describeConfig(readConfig(role as RoleName))}\n\nThe configuration of the role ${role} is valid.`,
  );
}

async function token(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const [userId] = positionals;
  if (positionals.length !== 1 || !isUserId(userId)) {
    console.error(helpOf('token'));
    return USAGE;
  }
  const config = readConfig('standalone');
  if (config.AUTH_JWKS_URL) {
    console.error(
      'seqline: with AUTH_JWKS_URL your own service signs the tokens; there is no key to sign with here.',
    );
    return USAGE;
  }
  return print(await signDevToken(signingSecret(config), userId, config));
}

async function chat(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      group: { type: 'string' },
      url: { type: 'string', default: CHAT_URL },
      token: { type: 'string' },
    },
  });
  const [user] = positionals;
  if (positionals.length !== 1 || !isUserId(user)) {
    console.error(helpOf('chat'));
    return USAGE;
  }
  // Loaded here, so that servers do not load the client.
  const { runChat } = await import('./chat.ts');
  return runChat({ user, url: values.url, token: values.token, to: values.to, group: values.group });
}

async function tryServer(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:8080' },
      token: { type: 'string', multiple: true, default: [] },
    },
  });
  if (values.token.length !== 0 && values.token.length !== 2) {
    console.error(helpOf('try'));
    return USAGE;
  }
  const { tryOut } = await import('./try.ts');
  const ms = await tryOut({ url: values.url, tokens: values.token });
  return print(`A message went through ${values.url} in ${Math.round(ms)} ms.`);
}

async function admin(args: string[], open: OpenOperations): Promise<number> {
  if (args.length === 0) return print(helpOf('admin'));
  const { runAdmin } = await import('./admin.ts');
  return runAdmin(args, open);
}
