import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DASHBOARDS } from '../../grafana/source/all.ts';
import { toJson } from '../../grafana/source/dashboard.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { ruleText, shippedDashboards } from './shipped.ts';

/** A name that Prometheus may have from us, or that a rule records. */
const METRIC = /\b(?:im[:_]|nodejs_|process_)[\w:]+/g;
const dashboards = shippedDashboards();
const panels = dashboards.flatMap((dashboard) => dashboard.panels);

describe('the dashboards', () => {
  test('are those that `npm run dashboards` writes', () => {
    const written = DASHBOARDS.map((it) => [
      `dashboards/${it.uid}.json`,
      `${JSON.stringify(toJson(it), null, 2)}\n`,
    ]);
    assert.deepEqual(
      dashboards.map(({ file, text }) => [file, text]),
      written.toSorted(),
    );
  });

  test('give each panel a title, a unit and a description', () => {
    const bare = panels.filter(({ title, unit, description }) => !(title && unit && description));
    assert.deepEqual(bare, []);
    assert.ok(panels.length > 50);
  });

  test('take their data source from a variable, and can be provisioned', () => {
    for (const { file, text } of dashboards) {
      assert.ok(!text.includes('__inputs'), file);
      const json = JSON.parse(text);
      assert.deepEqual(
        json.templating.list.map(({ name, type }: { name: string; type: string }) => [name, type]),
        [['datasource', 'datasource']],
        file,
      );
      const sources = [...text.matchAll(/"uid": "(\$?\w+)"/g)].map(([, uid]) => uid);
      assert.deepEqual([...new Set(sources)], ['$datasource'], file);
    }
  });

  test('and rules ask for what there is, and leave nothing out', async () => {
    const asked = panels.flatMap(({ exprs }) => exprs).join('\n') + ruleText();
    const names = new Set([...asked.matchAll(METRIC)].map(([name]) => name));
    const recorded = [...ruleText().matchAll(/record: (\S+)/g)].map(([, name]) => name!);
    const metrics = await createMetrics().register.getMetricsAsJSON();
    const exported = metrics.flatMap(({ name, type }) =>
      String(type) === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name],
    );
    assert.deepEqual(
      [...names].filter((name) => !exported.includes(name) && !recorded.includes(name)),
      [],
      'asked for and not there',
    );
    const used = (name: string) => [name, `${name}_bucket`, `${name}_sum`].some((it) => names.has(it));
    assert.deepEqual(
      [...metrics.map(({ name }) => name), ...recorded].filter((name) => !used(name)),
      [],
      'there and on no dashboard and in no rule',
    );
  });
});
