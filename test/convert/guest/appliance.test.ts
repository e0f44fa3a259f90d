import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { withTemporary } from '../../../src/convert/guest/appliance.ts';

const folder = await mkdtemp(path.join(os.tmpdir(), 'appliance-'));
after(() => rm(folder, { recursive: true }));

test('an appliance finds the folder that it is kept in, also on a machine that never had one, and its own is gone behind it', async () => {
  const cacheFolder = path.join(folder, 'never', 'there');
  const own = await withTemporary({ cacheFolder }, async (temporary) => {
    assert.ok((await stat(cacheFolder)).isDirectory());
    assert.ok((await stat(temporary)).isDirectory());
    return temporary;
  });
  assert.ok((await stat(cacheFolder)).isDirectory(), 'what was built is kept');
  await assert.rejects(stat(own), { code: 'ENOENT' });
});
