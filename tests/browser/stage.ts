import { after, type TestContext } from 'node:test';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import type { Environment } from '../harness/own-server.ts';
import { createRestartableServer, type RestartableServer } from '../harness/restartable-server.ts';
import { type Cable, layCable } from './cable.ts';
import { launchChromium } from './chromium.ts';
import { openWindow, type Window } from './window.ts';

interface WindowOptions {
  /** Reaches the server over this; else directly. */
  through?: Cable;
  /** The fragment of the address. */
  hash?: string;
  context?: BrowserContextOptions;
}

/** A server with empty data, and windows of a browser, all gone when the test ends. */
export interface Stage {
  server: RestartableServer;
  layCable(): Promise<Cable>;
  /** Signed in under this name, or at the door. */
  openWindow(user?: string, options?: WindowOptions): Promise<Window>;
}

let browser: Promise<Browser> | undefined;

/** One browser for all tests of a file: it keeps nothing from one window to the next. */
after(async () => (await browser)?.close());

export async function openStage(t: TestContext, env?: Environment): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const server = stack.use(await createRestartableServer(env));
  await server.start();
  browser ??= launchChromium();
  const chromium = await browser;
  return {
    server,
    layCable: async () => stack.use(await layCable(server.url)),
    async openWindow(user, { through, hash = '', context } = {}) {
      const url = new URL((through ?? server).url);
      if (user) url.searchParams.set('user', user);
      url.hash = hash;
      const window = await openWindow(chromium, url.href, context);
      stack.defer(() => window.page.context().close());
      return window;
    },
  };
}
