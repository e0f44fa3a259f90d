import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localText, parseInstant } from '../../src/cli/instants.ts';

test('a time has a date, hours and minutes, and the zone of this machine where it names none', () => {
  assert.equal(parseInstant('2030-01-05T23:00:00Z'), Date.UTC(2030, 0, 5, 23));
  assert.equal(parseInstant('2030-01-05T23:00+01:00'), Date.UTC(2030, 0, 5, 22));
  assert.equal(parseInstant('2030-01-05T23:00'), new Date(2030, 0, 5, 23).getTime());
  for (const text of ['', '23:00', '2030-01-05', '2030-01-05T24:00Z', '2030-02-29T00:00Z', '2030-13-01T00:00Z', 'in 5 minutes']) {
    assert.equal(parseInstant(text), undefined, text);
  }
});

test('a time of today is its hour, any other has its date', () => {
  const now = new Date(2030, 0, 5, 12).getTime();
  assert.equal(localText(new Date(2030, 0, 5, 9, 5).toISOString(), now), '09:05');
  assert.equal(localText(new Date(2030, 0, 6, 9, 5).toISOString(), now), 'Sun 2030-01-06 09:05');
});
