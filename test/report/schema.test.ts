import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import type { VmProgress } from '../../src/model/plan.ts';
import type { ReportDocument } from '../../src/model/report-document.ts';
import { renderJsonLine, renderReport } from '../../src/report/index.ts';
import { sampleReport } from './sample.ts';
import { PUBLISHED, publishedText, strictSchema } from './schema.ts';

const strict = strictSchema();
const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
ajv.addSchema(strict, 'strict');
const report = await sampleReport(60);

function faults(value: unknown, schema = 'strict'): unknown {
  ajv.validate(schema, value);
  return ajv.errors?.slice(0, 5) ?? [];
}

const PROGRESS: VmProgress = {
  vm: 'vm-0',
  targetName: 'vm-0',
  type: 'cold',
  phase: 'Failed',
  since: '2026-11-22T12:00:00.000Z',
  history: [{ phase: 'Pending', startedAt: '2026-11-22T12:00:00.000Z', endedAt: '2026-11-22T12:00:01.000Z', skipped: 'why not' }],
  transfers: [{ job: 'a', size: 1, moved: 1, allocated: 1, seconds: 1, transport: 'stream' }],
  failure: { phase: 'CopyDisks', code: 'target-full', message: 'full', hint: 'make room' },
};

test('the published schema is the one of the types (node test/report/schema.ts writes it)', async () => {
  assert.deepEqual(JSON.parse(await readFile(PUBLISHED, 'utf8')), JSON.parse(publishedText(strict)));
});

test('reports, plans left out or not, have exactly the fields of the schema', () => {
  assert.deepEqual(faults(JSON.parse(renderReport(report, 'json', 'full'))), []);
  assert.deepEqual(faults(JSON.parse(renderReport(report, 'json', 'concerns'))), []);
  const begun = { ...report, vms: report.vms.map((entry) => ({ ...entry, progress: PROGRESS })) };
  assert.deepEqual(faults(JSON.parse(renderReport(begun, 'json', 'full'))), []);
});

test('each line of ndjson is complete by itself', () => {
  for (const entry of report.vms) {
    const line = renderJsonLine(entry, 'full');
    assert.match(line, /^[^\n]+\n$/);
    assert.deepEqual(faults(JSON.parse(line), 'strict#/definitions/VmLine'), []);
  }
});

test('the schema finds what is wrong', () => {
  const document: ReportDocument = JSON.parse(renderReport(report, 'json', 'full'));
  assert.notDeepEqual(faults({ ...document, schema: 'kubeferry.dev/report/v9' }), []);
  assert.notDeepEqual(faults({ ...document, vms: [{ ...document.vms[0], concerns: [{ id: 'x' }] }] }), []);
  assert.notDeepEqual(faults({ ...document, surprise: true }), []);
});

test('the table of reasons gives every decision its rule and its sentence back', () => {
  const document: ReportDocument = JSON.parse(renderReport(report, 'json', 'full'));
  const restored = document.vms.map(({ plan }) =>
    plan?.mapping.decisions.map(({ reason, ...rest }) => ({ ...rest, ...document.reasons?.[reason] })),
  );
  assert.deepEqual(
    restored,
    report.vms.map(({ plan }) => plan.mapping.decisions.map((decision) => ({ ...decision }))),
  );
});
