import assert from 'node:assert/strict';
import { freshGroupId } from './names.ts';
import type { Json } from './raw-client.ts';
import type { Target } from './target.ts';
import { tokenOf } from './tokens.ts';

export interface Reply {
  status: number;
  headers: Headers;
  /** The body parsed, where it is JSON. */
  body: Json;
  bytes: Buffer;
}

export type HeaderMap = Record<string, string>;

/** A call without a token unless `headers` has one. An object is sent as JSON, bytes and strings as they are. */
export async function call(
  target: Target,
  method: string,
  path: string,
  body?: unknown,
  headers: HeaderMap = {},
): Promise<Reply> {
  const raw = typeof body === 'string' || Buffer.isBuffer(body);
  const type: HeaderMap =
    body === undefined || Buffer.isBuffer(body) ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(new URL(path, target.nextUrl()), {
    method,
    headers: { ...type, ...headers },
    body: raw ? (body as string) : body === undefined ? undefined : JSON.stringify(body),
    redirect: 'manual',
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const isJson = /^application\/json\b/.test(answer.headers.get('content-type') ?? '');
  return {
    status: answer.status,
    headers: answer.headers,
    body: isJson ? JSON.parse(String(bytes)) : undefined,
    bytes,
  };
}

export interface Api {
  get(path: string): Promise<Reply>;
  post(path: string, body?: unknown, headers?: HeaderMap): Promise<Reply>;
  put(path: string, body?: unknown): Promise<Reply>;
  patch(path: string, body?: unknown): Promise<Reply>;
  delete(path: string): Promise<Reply>;
}

/** The HTTP API as one user. */
export function apiOf(target: Target, userId: string): Api {
  const as = (method: string) => (path: string, body?: unknown, headers?: HeaderMap) =>
    call(target, method, path, body, {
      authorization: `Bearer ${tokenOf(target.secret, userId)}`,
      ...headers,
    });
  return { get: as('GET'), post: as('POST'), put: as('PUT'), patch: as('PATCH'), delete: as('DELETE') };
}

/** A new group; gives its id. */
export async function createGroup(
  target: Target,
  ownerId: string,
  members: string[] = [],
  extra: object = {},
): Promise<string> {
  const id = freshGroupId();
  const body = { group_id: id, name: 'A group', members, ...extra };
  const reply = await apiOf(target, ownerId).post('/v1/groups', body);
  assert.equal(reply.status, 201, String(reply.bytes));
  return id;
}

/** A call that must have gone well. */
export function assertOk(reply: Reply): void {
  assert.ok(reply.status >= 200 && reply.status < 300, `${reply.status} ${reply.bytes}`);
}

/** An error has the JSON form, and its status is its code. */
export function assertError(reply: Reply, code: number): void {
  assert.equal(reply.status, code, String(reply.bytes).slice(0, 1000));
  assert.equal(reply.body?.code, code);
  assert.match(reply.body.error, /^[a-z_]+$/);
  assert.match(reply.body.message, /\S/);
}
