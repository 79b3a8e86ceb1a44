import { until } from '../contract/wait.ts';
import type { RestartableServer } from '../harness/restartable-server.ts';

const LAG = /^im_log_consumer_lag\{.*\} (\d+)$/gm;

/** Waits until all that the server accepted is stored: a server that starts is ready before that. */
export function caughtUp({ internalUrl }: RestartableServer): Promise<void> {
  return until('everything that was accepted is stored', async () => {
    const metrics = await (await fetch(`${internalUrl}/metrics`)).text();
    const lags = [...metrics.matchAll(LAG)].map(([, lag]) => Number(lag));
    return lags.length > 0 && lags.every((lag) => lag === 0);
  });
}
