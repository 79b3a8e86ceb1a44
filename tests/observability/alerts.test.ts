import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parseAdmin } from '../../src/cli/admin-arguments.ts';
import { PROJECT, RULE_FILES, RULE_TESTS, shippedAlerts } from './shipped.ts';

const NO_PROMTOOL = spawnSync('promtool', ['--version']).error
  ? 'promtool is not installed: it comes with Prometheus'
  : false;
const SECTIONS = ['What it means', 'How to see it', 'What to do', 'How to know that it is over'];
/** What stands for something that the reader knows, in a command of a runbook. */
const PLACEHOLDERS: Record<string, string> = { OFFSET: '7', ID: 'group_a', USER: 'alice' };
const KUBECTL_VERBS = ['get', 'describe', 'logs', 'exec', 'top', 'rollout', 'scale', 'delete'];

const alerts = shippedAlerts();
const runbooks = globSync('docs/runbooks/*.md', { cwd: PROJECT })
  .filter((name) => !name.endsWith('/README.md'))
  .sort();
const textOf = (name: string) => readFileSync(path.join(PROJECT, name), 'utf8');

describe('the alerts', () => {
  test('are understood by Prometheus', { skip: NO_PROMTOOL }, () => {
    promtool('check', 'rules', ...RULE_FILES);
  });

  test('fire and resolve as their tests say', { skip: NO_PROMTOOL, timeout: 120_000 }, () => {
    promtool('test', 'rules', ...RULE_TESTS);
  });

  test('have each a case in which it fires, and then resolves', () => {
    const moments = RULE_TESTS.flatMap((name) => readFileSync(name, 'utf8').split('- eval_time: ').slice(1));
    const seen = new Map<string, string>();
    for (const moment of moments) {
      const name = /alertname: (\w+)/.exec(moment)![1]!;
      seen.set(name, (seen.get(name) ?? '') + (moment.includes('exp_alerts: []') ? 'o' : 'F'));
    }
    const untested = alerts.filter(({ name }) => !/Fo$/.test(seen.get(name) ?? ''));
    assert.deepEqual(untested, []);
  });

  test('say how bad it is and what it is', () => {
    for (const { name, text } of alerts) {
      assert.match(text, /severity: (page|ticket)\b/, name);
      assert.match(text, /summary: \S/, name);
      assert.match(text, /description: >-/, name);
    }
  });

  test('have a runbook each, and there is no other', () => {
    assert.ok(alerts.length > 10);
    assert.deepEqual(alerts.map(({ runbook }) => runbook).toSorted(), runbooks);
    const index = textOf('docs/runbooks/README.md');
    for (const { name, runbook } of alerts) {
      const text = textOf(runbook!);
      assert.ok(text.includes(`Alert: \`${name}\``), `${runbook} does not name ${name}`);
      assert.match(index, new RegExp(`^\\| \`${name}\` \\| .*\\(${path.basename(runbook!)}\\) \\|$`, 'm'));
    }
  });
});

describe('the runbooks', () => {
  test('answer the same questions', () => {
    for (const name of runbooks) {
      const headings = [...textOf(name).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
      assert.deepEqual(headings, SECTIONS, name);
    }
  });

  test('use commands that there are', () => {
    const commands = runbooks.flatMap((name) =>
      [...textOf(name).matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.trim().split('\n')),
    );
    assert.ok(commands.length > 30);
    for (const command of commands) {
      const [program, verb] = command.split(' ');
      assert.ok(program === 'kubectl' && KUBECTL_VERBS.includes(verb!), command);
      const admin = / -- node \/app\/dist\/main\.js admin (.+)$/.exec(command)?.[1];
      if (admin) parseAdmin(admin.split(' ').map((word) => PLACEHOLDERS[word] ?? word));
    }
  });
});

function promtool(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
}
