import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFiles } from '../../src/report/folder.ts';
import { sampleReport } from './sample.ts';

const report = await sampleReport(3);
const files = new Map(runFiles(report, [], '/srv/out').map((file) => [file.path, file]));

function contentOf(path: string): string {
  const { content = '' } = files.get(path) ?? {};
  return typeof content === 'string' ? content : Array.from(content).join('');
}

test('each VM has a page of its own, to which the page of the run leads', () => {
  const run = contentOf('report.html');
  for (const { vm, plan } of report.vms) {
    const page = `${plan.mapping.targetName}/report.html`;
    assert.ok(run.includes(`href="${page}"`));
    assert.ok(contentOf(page).includes(`<h1>${vm.name}</h1>`));
    assert.match(contentOf(page), /What becomes of each field/);
  }
});

test('report.json is one document', () => {
  assert.equal(JSON.parse(contentOf('report.json')).vms.length, 3);
});
