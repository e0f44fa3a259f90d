import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { promtool } from '../../peers/prometheus.ts';
import { type RuleGroups, readRules } from './questions.ts';

interface AlertTests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts?: readonly unknown[] }[];
  }[];
}

let folder: string;
let rules: RuleGroups;
let cases: AlertTests;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-alerts-'));
  rules = await readRules();
  cases = parse(await readFile(path.join(import.meta.dirname, 'alerts.yaml'), 'utf8'));
});
after(async () => await rm(folder, { recursive: true }));

/** JSON is YAML. */
async function write(name: string, value: unknown): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, JSON.stringify(value));
  return file;
}

test('promtool finds no fault with the alerts', async () => {
  await promtool(['check', 'rules', '--lint', 'all', '--lint-fatal', await write('rules.yml', rules)]);
});

test('every alert says how grave it is, what is wrong and what to do', () => {
  for (const { alert, labels, annotations, for: patience } of rules.groups.flatMap((group) => group.rules)) {
    assert.match(labels?.['severity'] ?? '', /^(critical|warning)$/, alert);
    assert.match(patience ?? '', /^\d+m$/, alert);
    assert.ok((annotations?.['summary'] ?? '').length > 20, `${alert} has a summary`);
    const runbook = annotations?.['runbook'] ?? '';
    assert.ok(runbook.length > 80 && runbook.length < 800, `the runbook of ${alert} is short, and is there`);
  }
});

test('alerts fire when they should, and only then', async () => {
  const silent = rules.groups.map((group) => ({
    ...group,
    rules: group.rules.map(({ annotations: _said, ...rule }) => rule),
  }));
  const file = await write('silent.yml', { groups: silent });
  const tests = cases.tests.map((each) => ({ ...each, interval: '1m' }));
  await promtool(['test', 'rules', await write('tests.yml', { ...cases, rule_files: [file], tests })]);
});

test('every alert is tried both ways', () => {
  const tried = cases.tests.flatMap(({ alert_rule_test }) => alert_rule_test);
  for (const { alert } of rules.groups.flatMap((group) => group.rules)) {
    const mine = tried.filter(({ alertname }) => alertname === alert);
    assert.ok(
      mine.some(({ exp_alerts = [] }) => exp_alerts.length > 0),
      `${alert} is made to fire`,
    );
    assert.ok(
      mine.some(({ exp_alerts = [] }) => exp_alerts.length === 0),
      `${alert} is kept silent`,
    );
  }
});
