import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { assertError, call } from '../harness/api.ts';
import { freshUser } from '../harness/names.ts';
import { connect } from '../harness/raw-client.ts';
import { assertRefused } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, type Target, useTarget } from '../harness/target.ts';
import { epochSeconds, signToken } from '../harness/tokens.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** The key that is to follow the first: two fit a token of RS256 that names none. */
const nextRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

const published = [
  { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa-1' },
  { ...nextRsa.publicKey.export({ format: 'jwk' }), kid: 'rsa-2' },
  { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec-1' },
  { ...ed.publicKey.export({ format: 'jwk' }), kid: 'ed-1' },
];
const strangerJwk = { ...stranger.publicKey.export({ format: 'jwk' }), kid: 'rsa-1' };

/** Answers with the published keys, and to its other path with those of a stranger. */
const keyServer = createServer((request, response) => {
  if (request.url === '/stranger') strangerAsked = true;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ keys: request.url === '/stranger' ? [strangerJwk] : published }));
}).listen(0, '127.0.0.1');
let strangerAsked = false;
await once(keyServer, 'listening');
const keysUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}`;
after(() => keyServer.close());

const [shared, keyed] = await Promise.all([
  useTarget(),
  useTarget({ AUTH_JWT_SECRET: '', AUTH_JWKS_URL: `${keysUrl}/keys` }),
]);

type Header = Record<string, unknown>;

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function claimsOf(extra: object = {}): object {
  return { sub: freshUser('alice'), exp: epochSeconds() + 3600, ...extra };
}

/** Signed with a private key, whatever the header says. */
function signed(header: Header, key: KeyObject, claims = claimsOf()): string {
  const text = `${encode(header)}.${encode(claims)}`;
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return `${text}.${sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function hmacSigned(header: Header, secret: string | Buffer, alg = 'sha256'): string {
  const text = `${encode(header)}.${encode(claimsOf())}`;
  return `${text}.${createHmac(alg, secret).update(text).digest('base64url')}`;
}

async function assertRefusedEverywhere(target: Target, forged: Record<string, string>): Promise<void> {
  for (const [what, token] of Object.entries(forged)) {
    const reply = await call(target, 'GET', '/v1/me', undefined, { authorization: `Bearer ${token}` });
    assert.equal(reply.status, 401, `${what}: ${reply.bytes}`);
    assertError(reply, 401);
    const client = await connect(target);
    const answer = await client.request({ cmd: 1, payload: { token, device_id: 'd' } });
    assert.equal(answer.code, 401, `${what}: ${JSON.stringify(answer)}`);
    assertRefused(answer, 401);
    assert.equal((await client.closed).code, 4401, what);
  }
}

/** Tokens that are forged alike whatever key the server has. */
function unsigned(kid?: string): Record<string, string> {
  const named = kid ? { kid } : {};
  const tokens = ['none', 'None', 'NONE', 'nOnE', '', null, undefined].flatMap((alg) => {
    const text = `${encode({ alg, ...named })}.${encode(claimsOf())}`;
    return [
      [`alg ${alg} without a signature`, `${text}.`],
      [`alg ${alg} with one`, `${text}.c2lnbmF0dXJl`],
    ];
  });
  return Object.fromEntries(tokens);
}

test('tokens of the published keys are taken, by WebSocket and by HTTP', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const tokens = {
    'RS256 by the first key': signed({ alg: 'RS256', kid: 'rsa-1' }, rsa.privateKey),
    'RS256 by the next key': signed({ alg: 'RS256', kid: 'rsa-2' }, nextRsa.privateKey),
    ES256: signed({ alg: 'ES256', kid: 'ec-1' }, ec.privateKey),
    EdDSA: signed({ alg: 'EdDSA', kid: 'ed-1' }, ed.privateKey),
    'no kid, where one key alone fits': signed({ alg: 'ES256' }, ec.privateKey),
  };
  for (const [what, token] of Object.entries(tokens)) {
    const reply = await call(keyed, 'GET', '/v1/me', undefined, { authorization: `Bearer ${token}` });
    assert.equal(reply.status, 200, `${what}: ${reply.bytes}`);
    const client = await connect(keyed);
    assert.equal((await client.request({ cmd: 1, payload: { token, device_id: 'd' } })).code, 0, what);
  }
});

test('a public key is no secret: HS256 signed with it, in whatever form, is 401', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const pem = rsa.publicKey.export({ format: 'pem', type: 'spki' }) as string;
  const jwk = published[0]!;
  const forms: Record<string, string | Buffer> = {
    PEM: pem,
    'PEM without its last line end': pem.trimEnd(),
    'PEM of PKCS#1': rsa.publicKey.export({ format: 'pem', type: 'pkcs1' }) as string,
    DER: rsa.publicKey.export({ format: 'der', type: 'spki' }),
    JWK: JSON.stringify(jwk),
    modulus: Buffer.from(String(jwk.n), 'base64url'),
    nothing: '',
  };
  const forged = Object.entries(forms).flatMap(([form, secret]) => [
    [`HS256 by ${form}`, hmacSigned({ alg: 'HS256', kid: 'rsa-1' }, secret)],
    [`HS256 by ${form} without kid`, hmacSigned({ alg: 'HS256' }, secret)],
    [`HS512 by ${form}`, hmacSigned({ alg: 'HS512', kid: 'rsa-1' }, secret, 'sha512')],
    [`HS256 by ${form}, said to be RS256`, hmacSigned({ alg: 'RS256', kid: 'rsa-1' }, secret)],
  ]);
  await assertRefusedEverywhere(keyed, Object.fromEntries(forged));
});

test('alg none, in whatever spelling, is 401', { skip: NEEDS_OWN_SERVER }, async () => {
  await assertRefusedEverywhere(keyed, unsigned('rsa-1'));
  await assertRefusedEverywhere(shared, unsigned());
});

test('a kid that is wrong, absent where several keys fit, or of another form is 401', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const of = (kid: unknown, alg = 'RS256') => signed({ alg, kid }, rsa.privateKey);
  await assertRefusedEverywhere(keyed, {
    'unknown kid': of('rsa-9'),
    "another key's kid": of('rsa-2'),
    'kid of a key of another kind': of('ec-1'),
    'kid of a key of another kind, and its alg': of('ec-1', 'ES256'),
    'no kid': of(undefined),
    'kid null': of(null),
    'kid a number': of(1),
    'kid a list': of(['rsa-1']),
    'kid a path': of('../../../../dev/null'),
    'kid a query': of("rsa-1' OR '1'='1"),
    'kid __proto__': of('__proto__'),
    'empty kid': of(''),
  });
});

test('a key that the token brings along, or says where to find, is 401, and nobody fetches it', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const by = (extra: Header) => signed({ alg: 'RS256', kid: 'rsa-1', ...extra }, stranger.privateKey);
  await assertRefusedEverywhere(keyed, {
    "a stranger's signature": by({}),
    'with jwk': by({ jwk: strangerJwk }),
    'with jku': by({ jku: `${keysUrl}/stranger` }),
    'with x5u': by({ x5u: `${keysUrl}/stranger` }),
    'with an unknown crit': signed({ alg: 'RS256', kid: 'rsa-1', crit: ['x'], x: 1 }, rsa.privateKey),
    'with b64 false': signed({ alg: 'RS256', kid: 'rsa-1', crit: ['b64'], b64: false }, rsa.privateKey),
  });
  assert.equal(strangerAsked, false);
});

test('with published keys too: expired, not yet valid and without exp are 401', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const of = (claims: object) => signed({ alg: 'RS256', kid: 'rsa-1' }, rsa.privateKey, claimsOf(claims));
  await assertRefusedEverywhere(keyed, {
    expired: of({ exp: epochSeconds() - 60 }),
    'not yet valid': of({ nbf: epochSeconds() + 60 }),
    'without exp': of({ exp: undefined }),
    'without sub': of({ sub: undefined }),
  });
});

test('where a secret is shared: not yet valid is 401 by HTTP as well, and other algorithms with it are', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const { secret } = shared;
  await assertRefusedEverywhere(shared, {
    'not yet valid': signToken(secret, claimsOf({ nbf: epochSeconds() + 60 })),
    expired: signToken(secret, claimsOf({ exp: epochSeconds() - 60 })),
    HS512: hmacSigned({ alg: 'HS512' }, secret, 'sha512'),
    'RS256 by any key': signed({ alg: 'RS256' }, stranger.privateKey),
    'HS256 said to be RS256': signToken(secret, claimsOf(), { alg: 'RS256' }),
    'an empty secret': hmacSigned({ alg: 'HS256' }, ''),
  });
});
