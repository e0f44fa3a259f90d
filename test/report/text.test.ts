import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderReport } from '../../src/report/index.ts';
import { sampleReport } from './sample.ts';

const report = await sampleReport(30);

test('the text begins with one screen: totals, what to work on, waves, one line a VM of 120 columns at most', () => {
  const lines = renderReport(report, 'text', 'concerns').split('\n');
  assert.match(lines[0] ?? '', /^vcenter\.corp\.example: 30 VMs, [\d.]+ TiB to move$/);
  const table = lines.findIndex((line) => line.startsWith('VM '));
  assert.ok(table > 0 && table < 40);
  const screen = lines.slice(0, table + 31);
  assert.ok(screen.some((line) => line.startsWith('Waves: ')));
  assert.ok(screen.some((line) => /^ {2}Warning +\d+ VMs? /.test(line)));
  assert.deepEqual(
    screen.filter((line) => line.length > 120),
    [],
  );
});

test('each VM is shown with bytes, times with their spread, and why it is not quite ready', () => {
  const text = renderReport(report, 'text', 'concerns');
  assert.match(text, /GiB to move: copy \d+ min \(\d+ min to .*\), downtime /);
  assert.match(text, /Readiness \d+(\.5)? of 100: /);
});

test('what predictions rest on is said in every format', () => {
  for (const format of ['text', 'markdown', 'html', 'json'] as const) {
    const text = renderReport(report, format, 'concerns').replaceAll('\\', '');
    assert.ok(text.includes('transfer-rate') && text.includes('wave-transfers'), format);
  }
});

test('markdown has the waves and the concerns as tables', () => {
  const text = renderReport(report, 'markdown', 'concerns');
  assert.match(text, /^## Concerns$/m);
  assert.match(text, /^\| 1 pilot \| day 1, \+0:00 h \|/m);
});
