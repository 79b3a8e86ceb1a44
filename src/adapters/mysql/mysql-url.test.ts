import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseMysqlUrl } from './mysql-url.ts';

const PLAIN = { host: 'db', port: 3306, user: 'im', password: 'pw', database: 'chat', ssl: undefined };

test('a URL tells where the server is and who asks', () => {
  assert.deepEqual(parseMysqlUrl('mysql://im:pw@db/chat'), PLAIN);
  assert.deepEqual(parseMysqlUrl('mysql://im:pw@db:3307/chat'), { ...PLAIN, port: 3307 });
  assert.equal(parseMysqlUrl('mysql://im:pw@[::1]/chat').host, '::1');
});

test('what is encoded in a URL is decoded', () => {
  const { user, password, database } = parseMysqlUrl('mysql://i%40m:p%2Fw%3A%25@db/ch%C3%A4t');
  assert.deepEqual([user, password, database], ['i@m', 'p/w:%', 'chät']);
});

test('ssl-mode says how much of the certificate is verified', () => {
  const ssl = (query: string) => parseMysqlUrl(`mysql://im:pw@db/chat?${query}`).ssl;
  assert.equal(ssl('ssl-mode=DISABLED'), undefined);
  assert.deepEqual(ssl('ssl-mode=REQUIRED'), { rejectUnauthorized: false, ca: undefined });
  assert.deepEqual(ssl('ssl-mode=VERIFY_CA'), {
    rejectUnauthorized: true,
    verifyIdentity: false,
    ca: undefined,
  });
  const strict = { rejectUnauthorized: true, verifyIdentity: true, ca: undefined };
  assert.deepEqual(ssl('ssl-mode=VERIFY_IDENTITY'), strict);
});

test('ssl-ca names the file of an authority, and means that everything is verified', async () => {
  const file = join(tmpdir(), `seqline-ca-${process.pid}.pem`);
  await writeFile(file, 'certificate');
  const { ssl } = parseMysqlUrl(`mysql://im:pw@db/chat?ssl-ca=${encodeURIComponent(file)}`);
  await rm(file);
  assert.deepEqual(ssl, { rejectUnauthorized: true, verifyIdentity: true, ca: 'certificate' });
});

for (const [what, url] of [
  ['no URL', 'db:secret'],
  ['another scheme', 'postgres://im:secret@db/chat'],
  ['no database', 'mysql://im:secret@db'],
  ['no host', 'mysql:///chat?secret'],
  ['a percent sign that encodes nothing', 'mysql://im:secret%@db/chat'],
  ['a port that is none', 'mysql://im:secret@db:99999/chat'],
  ['a mode that is none', 'mysql://im:secret@db/chat?ssl-mode=MAYBE'],
  ['a parameter that is none', 'mysql://im:secret@db/chat?multipleStatements=true'],
  ['an authority without encryption', 'mysql://im:secret@db/chat?ssl-mode=DISABLED&ssl-ca=x'],
] as const) {
  test(`${what} is refused without telling the password`, () => {
    assert.throws(
      () => parseMysqlUrl(url),
      (error: Error) =>
        /the URL of MySQL/.test(error.message) &&
        !`${error.message} ${JSON.stringify(error)} ${Object.values(error)}`.includes('secret'),
    );
  });
}
