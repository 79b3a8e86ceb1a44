import type { GatewayDeps } from './deps.ts';
import { drain } from './drain.ts';
import { type Gateway, openGateway } from './gateway-state.ts';
import { createHttpServer, type HttpOptions } from './http/server.ts';
import { startSweep } from './sweep.ts';

export interface RunningGateway extends AsyncDisposable {
  state: Gateway;
  /** Where it listens; the port is the real one where 0 was asked for. */
  url: string;
}

/** Opens a gateway and listens. Disposing sends everyone away, pace by pace, and then stops listening. */
export async function startGateway(
  deps: GatewayDeps,
  http: HttpOptions & { host: string; port: number },
): Promise<RunningGateway> {
  await using stack = new AsyncDisposableStack();
  const state = stack.use(await openGateway(deps));
  stack.defer(startSweep(state));
  const app = await createHttpServer(state, http);
  stack.defer(() => app.close());
  const url = await app.listen({ host: http.host, port: http.port, backlog: 4096 });
  stack.defer(() => drain(state));
  const owned = stack.move();
  return { state, url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
