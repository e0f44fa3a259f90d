import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../src/log.ts';

function capture(): { lines: string[]; stream: { write(text: string): void } } {
  const lines: string[] = [];
  return { lines, stream: { write: (text) => void lines.push(text) } };
}

test('log lines are JSON with time, level, fields and message', () => {
  const { lines, stream } = capture();
  createLog('info', stream).info({ vm: 'web' }, 'phase');
  const { time, ...rest } = JSON.parse(lines[0] ?? '');
  assert.deepEqual(rest, { level: 'info', vm: 'web', msg: 'phase' });
  assert.match(time, /^\d{4}-\d\d-\d\dT/);
});

test('secrets are redacted by name, at the top and two levels down', () => {
  const { lines, stream } = capture();
  createLog('info', stream).info({ password: 's3cret', login: { token: 's3cret', deep: { cookie: 's3cret' } } }, 'x');
  assert.equal(lines.join('').includes('s3cret'), false);
  assert.equal(lines.join('').match(/\[redacted\]/g)?.length, 3);
});

test('the level decides what is written and can be changed', () => {
  const { lines, stream } = capture();
  const log = createLog('error', stream);
  log.info({}, 'hidden');
  log.level = 'info';
  log.info({}, 'shown');
  assert.equal(log.level, 'info');
  assert.equal(lines.length, 1);
});
