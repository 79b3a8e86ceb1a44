import type { Config } from '../config/config.ts';
import { CHAT_URL } from './help.ts';

/** How this program is called: from a checkout, or as an installed package. */
const CALL = import.meta.filename.endsWith('.ts') ? 'npm run seqline --' : 'npx seqline';

/** What a person reads after starting a server by hand, and what to do next. */
export function greeting(config: Config, url: string): string {
  if (config.role !== 'standalone') return '';
  const lines = ['', `  seqline is ready: ${url}`, ''];
  if (config.AUTH_DEV_TOKENS) {
    lines.push('  Open it in two browser windows, sign in under two names, and talk.');
    lines.push(`  Or from another terminal: ${CALL} chat alice${url === CHAT_URL ? '' : ` --url ${url}`}`);
  } else lines.push('  Sign in with tokens of your own: AUTH_DEV_TOKENS is off.');
  lines.push(
    '',
    `  HTTP API   ${url}/docs`,
    `  WebSocket  ${url.replace(/^http/, 'ws')}/ws`,
    `  Health     http://${config.HOST}:${config.INTERNAL_PORT}/readyz`,
    `  Data       ${config.DATA_DIR}`,
    '',
    '  Ctrl-C stops it; everything that was sent is kept.',
    '',
  );
  return lines.join('\n');
}
