import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PLAN_RULES } from '../../src/assess/plan.ts';
import { SourceSurvey } from '../../src/assess/source-survey.ts';
import { assessTables, TABLE_RULES } from '../../src/assess/tables.ts';
import { SOURCE, tables } from './table-verdicts.ts';

for (const [folder, rules] of Object.entries({ tables: TABLE_RULES, plan: PLAN_RULES })) {
  test(`every rule of ${folder}/ is listed, under the name of its file, and has a test of its own`, () => {
    const files = readdirSync(path.resolve(import.meta.dirname, '../../src/assess', folder)).map((file) =>
      file.replace(/\.ts$/, ''),
    );
    assert.deepEqual(rules.map(({ id }) => id).toSorted(), files.toSorted());
    assert.deepEqual(
      files.filter((id) => !existsSync(path.join(import.meta.dirname, folder, `${id}.test.ts`))),
      [],
    );
  });
}

test('what several rules have to say comes at once', () => {
  const survey = new SourceSurvey();
  for (const vm of SOURCE) survey.add(vm);
  const concerns = assessTables(
    tables({
      networkMap: { entries: [{ source: 'Lab', target: { type: 'pod' } }] },
      facts: { namespaces: [], kubevirtVersion: '1.4.0' },
      options: { devices: 'virtio', namespace: 'shop' },
    }),
    survey,
  );
  assert.deepEqual(
    concerns.map(({ id }) => id),
    ['map-source-unknown', 'map-source-missing', 'namespace-missing', 'kubevirt-too-old'],
  );
});
