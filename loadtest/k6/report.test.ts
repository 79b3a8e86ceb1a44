import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ticksTo } from './plot.ts';
import { reportOf, type SummaryData } from './report.ts';
import { htmlOf } from './report-html.ts';
import { textOf } from './report-text.ts';
import { settingsOf } from './settings.ts';
import { SLICES } from './slices.ts';
import { summary } from './summary.ts';

const settings = settingsOf(
  { BASE_URL: 'http://a.example/<b>', AUTH_JWT_SECRET: 'the key', SUMMARY_DIR: 'folder' },
  { USERS: 4, RATE: 10, DURATION: '40s' },
);

function latency(count: number, med: number, p99: number): SummaryData['metrics'][string] {
  const values = {
    count,
    med,
    'p(99)': p99,
    min: 0,
    avg: med,
    'p(90)': med,
    'p(95)': med,
    'p(99.9)': p99,
    max: p99,
  };
  return { type: 'trend', values };
}

function counter(count: number, rule?: string, ok = true): SummaryData['metrics'][string] {
  return { type: 'counter', values: { count }, ...(rule && { thresholds: { [rule]: { ok } } }) };
}

function data(missing: number): SummaryData {
  return {
    state: { testRunDurationMs: 41_234.5 },
    metrics: {
      iterations: counter(2),
      im_missing: counter(missing, 'count==0', missing === 0),
      im_closes: counter(3),
      'im_closes{code:1012}': counter(3, 'count>=0'),
      'im_closes{code:4413}': counter(0, 'count>=0'),
      im_sent_latency: { ...latency(400, 3, 19.456), thresholds: { 'p(99)<20': { ok: true } } },
      'im_sent_latency{slice:10}': latency(12, 4, 9),
      'im_sent_latency{slice:2}': latency(10, 3, 8),
      'im_sent_latency{slice:3}': latency(0, 0, 0),
    },
  };
}

describe('the report of a run', () => {
  test('says what held, what was measured, and how it went over time', () => {
    const report = reportOf('chat', settings, data(0));
    assert.equal(report.passed, true);
    assert.deepEqual(report.thresholds, [
      { metric: 'im_missing', rule: 'count==0', ok: true, value: 0 },
      { metric: 'im_sent_latency', rule: 'p(99)<20', ok: true, value: 19.456 },
    ]);
    assert.deepEqual(report.counters, { im_closes: 3, 'im_closes{code:1012}': 3, im_missing: 0 });
    assert.equal(SLICES, 40);
    assert.deepEqual(report.overTime, {
      im_sent_latency: [
        { seconds: 2.5, rate: 10, p50: 3, p99: 8 },
        { seconds: 3.5, rate: 0, p50: null, p99: null },
        { seconds: 10.5, rate: 12, p50: 4, p99: 9 },
      ],
    });
  });

  test('begins with what failed', () => {
    const report = reportOf('chat', settings, data(2));
    assert.equal(report.passed, false);
    assert.deepEqual(report.thresholds[0], { metric: 'im_missing', rule: 'count==0', ok: false, value: 2 });
    assert.match(textOf(report), /^\nchat: FAILED\n[\s\S]*^FAILED {2}im_missing: count==0 +2$/m);
    assert.match(htmlOf(report), /im_missing: count==0<\/td><td>2<\/td><td class="bad">failed/);
  });

  test('is written to the folder, without the secret', () => {
    const written = summary('chat', settings)(data(0));
    assert.deepEqual(Object.keys(written), ['stdout', 'folder/chat.json', 'folder/chat.html']);
    assert.equal(JSON.parse(written['folder/chat.json']!).passed, true);
    assert(!Object.values(written).some((text) => text.includes('the key')));
  });

  test('of a run that did not begin has no files', () => {
    const { state } = data(0);
    assert.deepEqual(Object.keys(summary('chat', settings)({ state, metrics: {} })), ['stdout']);
  });
});

describe('the page', () => {
  const page = htmlOf(reportOf('chat', settings, data(0)));

  test('needs nothing from anywhere, and takes no text for markup', () => {
    assert.doesNotMatch(page, /<(script|link|img|iframe)|url\(|@import|src=/);
    assert.match(page, /http:\/\/a\.example\/&#60;b&#62;/);
  });

  test('plots what was measured', () => {
    assert.equal(page.match(/<svg/g)?.length, 2);
    assert.match(page, /<polyline class="line-1" points="[\d.,]+ [\d.,]+"/);
  });
});

test('ticks are round and reach the highest value', () => {
  assert.deepEqual(ticksTo(9.3), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticksTo(1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticksTo(1234), [0, 500, 1000, 1500]);
});
