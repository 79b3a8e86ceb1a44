import { until } from '../contract/wait.ts';
import { readMetrics } from '../harness/read-metrics.ts';
import type { RestartableServer } from '../harness/restartable-server.ts';

/** Waits until all that the server accepted is stored: a server that starts is ready before that. */
export function caughtUp({ internalUrl }: RestartableServer): Promise<void> {
  return until('everything that was accepted is stored', async () => (await lagOf(internalUrl)) === 0);
}

/** Events that wait in the log, as one process sees it; without end where it does not know. */
export async function lagOf(internalUrl: string): Promise<number> {
  const lags = (await readMetrics(internalUrl)).values('im_log_consumer_lag');
  return lags.length > 0 ? lags.reduce((sum, lag) => sum + lag, 0) : Number.POSITIVE_INFINITY;
}
