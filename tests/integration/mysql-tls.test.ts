import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openMysql } from '../../src/adapters/mysql/mysql-database.ts';
import { StoreUnavailable } from '../../src/ports/errors.ts';
import { eventually } from '../harness/eventually.ts';
import { serverFrom } from './servers.ts';

const server = serverFrom('MYSQL_URL');

describe('encryption to MySQL', { skip: server ? false : 'set MYSQL_URL' }, () => {
  test('is there where the URL says so, and only there', async () => {
    assert.equal(await cipherOf('DISABLED'), '');
    assert.notEqual(await cipherOf('REQUIRED'), '');
  });

  test('is refused where the server shows a certificate of an authority that nobody knows', async () => {
    await assert.rejects(
      cipherOf('VERIFY_CA'),
      (error) => error instanceof StoreUnavailable && /certificate/.test(error.message),
    );
  });
});

async function cipherOf(mode: string): Promise<string> {
  const url = new URL(server!);
  url.searchParams.set('ssl-mode', mode);
  const db = openMysql({ url: url.href });
  try {
    return await eventually('a connection in time', async () => {
      const rows = db.rows<{ Value: string }>("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
      const [status] = await rows.catch(noneWhereLate);
      return status?.Value;
    });
  } finally {
    await db.close();
  }
}

/** A machine that stands still for a moment may connect too late. */
function noneWhereLate(error: unknown): [] {
  if (error instanceof StoreUnavailable && /ETIMEDOUT|no connection within/.test(error.message)) return [];
  throw error;
}
