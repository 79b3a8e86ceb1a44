import { CODES } from '../protocol/codes.ts';
import type { RefusalPayload } from '../protocol/refusal.ts';
import { refusalError, type SeqlineError, timeoutError } from './errors.ts';
import type { TokenSource } from './token-source.ts';
import type { HttpApi } from './types.ts';

const NO_CONTENT = 204;

export interface HttpOptions {
  /** Base URL, without a slash at its end. */
  url: string;
  tokens: TokenSource;
  timeoutMs: number;
}

interface Body {
  type: string;
  content: string | Blob;
}

/** The HTTP calls. An expired token is replaced once; every other error status throws. */
export function createHttp({ url, tokens, timeoutMs }: HttpOptions): HttpApi {
  async function once(
    method: string,
    path: string,
    body: Body | undefined,
    token: string,
  ): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body) headers['content-type'] = body.type;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      return await fetch(url + path, { method, headers, signal, ...(body ? { body: body.content } : {}) });
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'TimeoutError') throw error;
      throw timeoutError(`${method} ${path} was not answered within ${timeoutMs} ms.`);
    }
  }

  async function call<T>(method: string, path: string, body: Body | undefined): Promise<T> {
    let response = await once(method, path, body, await tokens.latest());
    if (response.status === CODES.unauthenticated.code && !tokens.isFixed) {
      response = await once(method, path, body, await tokens.next());
    }
    if (!response.ok) throw await errorOf(response);
    return (response.status === NO_CONTENT ? undefined : await response.json()) as T;
  }

  return {
    request: (method, path, body) =>
      call(
        method,
        path,
        body === undefined ? undefined : { type: 'application/json', content: JSON.stringify(body) },
      ),
    upload: (image) => call('POST', '/v1/uploads', { type: image.type, content: image }),
  };
}

async function errorOf(response: Response): Promise<SeqlineError> {
  const payload = (await response.json().catch(() => undefined)) as Partial<RefusalPayload> | undefined;
  return refusalError(response.status, payload);
}
