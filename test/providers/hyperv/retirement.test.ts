import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startHyperv } from '../../peers/hyperv.ts';
import { live, open, refOf } from './simulated.ts';

const MiB = 1024 * 1024;

const hyperv = await startHyperv();
const connection = await open(hyperv);
const retirement = connection.retirement ?? assert.fail();
after(async () => {
  await connection[Symbol.asyncDispose]();
  await hyperv[Symbol.asyncDispose]();
});

test('a source is renamed once, cut from its networks, and does not start with its host', async () => {
  const web = await hyperv.add('web', { on: false, disks: [MiB], facts: { automaticStart: 'Start' } });
  const wanted = { rename: ' (migrated)', disconnectNics: true };
  await retirement.retire(refOf(web), wanted, live());
  await retirement.retire(refOf(web), wanted, live());
  assert.equal(web.facts.name, 'web (migrated)');
  assert.equal(web.facts.automaticStart, 'Nothing');
  assert.ok(web.facts.adapters.length > 0 && web.facts.adapters.every(({ connected }) => connected === false));
});

test('a folder is none of what Hyper-V has; the rest is done all the same', async () => {
  const db = await hyperv.add('db', { on: false, disks: [MiB] });
  const retired = retirement.retire(refOf(db), { rename: '-old', folder: 'Retired' }, live());
  await assert.rejects(retired, { code: 'source-refused', message: /no folders/ });
  assert.equal(db.facts.name, 'db-old');
  assert.ok(
    db.facts.adapters.every(({ connected }) => connected !== false),
    'nobody asked for that',
  );
});
