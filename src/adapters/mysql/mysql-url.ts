import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'mysql2/promise';

/** `ssl-mode` as MySQL's own clients know it: encrypt, verify the certificate's authority, verify the host's name too. */
const SSL_MODES = {
  DISABLED: undefined,
  REQUIRED: { rejectUnauthorized: false },
  VERIFY_CA: { rejectUnauthorized: true, verifyIdentity: false },
  VERIFY_IDENTITY: { rejectUnauthorized: true, verifyIdentity: true },
} as const;

const FORM = 'mysql://USER:PASSWORD@HOST:3306/DATABASE?ssl-mode=…&ssl-ca=FILE, its parts percent-encoded';

/**
 * Where a server is and who asks. Errors name the part that is wrong and never quote the URL, which holds a password;
 * for the same reason `new URL` gets only what it can parse, because its error carries its input.
 */
export function parseMysqlUrl(url: string): ConnectionOptions {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'mysql:' || !parsed.hostname) throw badForm();
  const database = decoded(parsed.pathname.slice(1));
  if (!database) throw badForm();
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(parsed.port || 3306),
    user: decoded(parsed.username),
    password: decoded(parsed.password),
    database,
    ssl: parseSsl(parsed.searchParams),
  };
}

function badForm(): Error {
  return new Error(`the URL of MySQL must be of the form ${FORM}`);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badForm();
  }
}

function parseSsl(params: URLSearchParams): ConnectionOptions['ssl'] {
  for (const name of params.keys()) {
    if (name !== 'ssl-mode' && name !== 'ssl-ca')
      throw new Error(`the URL of MySQL has no parameter ${name}`);
  }
  const file = params.get('ssl-ca');
  const mode = params.get('ssl-mode') ?? (file ? 'VERIFY_IDENTITY' : 'DISABLED');
  if (!Object.hasOwn(SSL_MODES, mode)) {
    throw new Error(`ssl-mode in the URL of MySQL must be one of ${Object.keys(SSL_MODES).join(', ')}`);
  }
  const ssl = SSL_MODES[mode as keyof typeof SSL_MODES];
  if (!ssl && file) throw new Error('the URL of MySQL has ssl-ca although ssl-mode is DISABLED');
  return ssl && { ...ssl, ca: file ? readFileSync(file, 'utf8') : undefined };
}
