import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FILE, renderDashboard } from '../../../deploy/monitoring/dashboard.ts';
import { questionsOfPanels } from './questions.ts';

const dashboard = renderDashboard();
const panels = dashboard.panels ?? [];

test('the file is what the rows say; otherwise run: node deploy/monitoring/dashboard.ts', () => {
  assert.equal(readFileSync(FILE, 'utf8'), `${JSON.stringify(dashboard, undefined, 2)}\n`);
});

test('it can be imported: no id of a Grafana, and the data source is chosen there', () => {
  assert.equal(dashboard.id, null);
  const [source] = dashboard.templating.list ?? [];
  assert.deepEqual([source?.type, source?.name, source?.query], ['datasource', 'datasource', 'prometheus']);
  const chosen = [...JSON.stringify(dashboard).matchAll(/"datasource":\{"type":"(\w+)","uid":"([^"]+)"\}/g)];
  assert.ok(chosen.length > panels.length);
  for (const [, type, uid] of chosen) assert.deepEqual([type, uid], ['prometheus', '$datasource']);
});

test('it has a row for each matter', () => {
  const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
  assert.deepEqual(rows, ['Plans', 'Throughput', 'Downtime', 'Limits', 'Errors and providers', 'Operator']);
});

test('panels have numbers of their own, and lie in the grid without touching each other', () => {
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = new Set<string>();
  for (const { title, gridPos } of panels) {
    assert.ok(gridPos, title);
    assert.ok(gridPos.x >= 0 && gridPos.x + gridPos.w <= 24, `${title} is within the 24 columns`);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        assert.ok(!cells.has(`${x} ${y}`), `${title} lies on another panel`);
        cells.add(`${x} ${y}`);
      }
    }
  }
});

test('every panel says what it shows, and its series have names', () => {
  for (const panel of panels) {
    if (!('targets' in panel)) continue;
    assert.ok((panel.description ?? '').length > 5, `${panel.title} has a description`);
    const targets = (panel.targets ?? []) as unknown as readonly { readonly legendFormat: string; readonly refId: string }[];
    assert.ok(targets.length > 0, panel.title);
    for (const { legendFormat } of targets) assert.notEqual(legendFormat, '', panel.title);
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length);
  }
});

test('units are those of the figures', () => {
  for (const { asker, expr, unit } of questionsOfPanels('5m')) {
    assert.equal(unit, unitOf(expr), `${asker}: ${expr}`);
  }
});

/** By Prometheus' own naming, and by what the functions around a metric make of it. */
function unitOf(expr: string): string {
  const share = expr.includes(' / ') && !expr.includes(' - ');
  if (share) return 'percentunit';
  if (expr.includes('time()') || /_bytes\{[^}]*\} - /.test(expr)) return 's';
  if (expr.includes('process_cpu_seconds_total')) return 'short';
  if (/histogram_quantile\(.*_seconds_bucket/.test(expr)) return 's';
  if (/rate\(\w+_bytes_total/.test(expr)) return 'binBps';
  if (/rate\(\w+requests_total/.test(expr)) return 'reqps';
  if (/histogram_quantile\(.*_bytes_bucket/.test(expr) || /_bytes\b/.test(expr)) return 'bytes';
  if (/_seconds\b/.test(expr)) return 's';
  return /\brate\(/.test(expr) ? 'ops' : 'none';
}
