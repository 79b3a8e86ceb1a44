import type { Query } from './dashboard.ts';

/** Grafana fills in a window that holds some scrapes. */
const WINDOW = '$__rate_interval';

export function one(expr: string, legend = ''): Query[] {
  return [{ expr, legend }];
}

/** Events a second, of all processes together, one line for each value of the label. */
export function rate(metric: string, by = ''): Query[] {
  const sum = by ? `sum by (${by})` : 'sum';
  return one(`${sum}(rate(${metric}[${WINDOW}]))`, by ? `{{${by}}}` : 'all');
}

/** The median and the slowest hundredth of a histogram, of all processes together. */
export function quantiles(histogram: string, by = '', shown: number[] = [0.5, 0.99]): Query[] {
  const labels = by ? `le, ${by}` : 'le';
  return shown.map((q) => ({
    expr: `histogram_quantile(${q}, sum by (${labels})(rate(${histogram}_bucket[${WINDOW}])))`,
    legend: `p${q * 100}${by ? ` {{${by}}}` : ''}`,
  }));
}

/** The mean of a histogram of sizes. */
export function mean(histogram: string): Query[] {
  const rateOf = (part: string) => `sum(rate(${histogram}_${part}[${WINDOW}]))`;
  return one(`${rateOf('sum')} / ${rateOf('count')}`, 'mean');
}

/** The share of events of a histogram that took longer than a bound, which must be one of its buckets. */
export function shareBeyond(histogram: string, seconds: number): Query[] {
  const within = `sum(rate(${histogram}_bucket{le="${seconds}"}[${WINDOW}]))`;
  return one(`1 - ${within} / sum(rate(${histogram}_count[${WINDOW}]))`, `over ${seconds * 1000} ms`);
}
