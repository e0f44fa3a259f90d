import assert from 'node:assert/strict';
import { test } from 'node:test';
import { live, simulate, vmNamed } from './simulator.ts';

const WANTED = { rename: ' (50% migrated/gone)', folder: 'migrated/2030', disconnectNics: true };

test('a source is renamed, moved and disconnected once, whoever asks twice, and it is still there', async (t) => {
  const { connection, server } = await simulate(t);
  const { retirement } = connection;
  assert.ok(retirement);
  const { ref, name, nics, disks } = await vmNamed(connection, 'DC0_H0_VM0');
  assert.ok(nics.length > 0);
  await assert.rejects(retirement.retire(ref, { folder: WANTED.folder }, live()), {
    code: 'source-refused',
    message: /There is no folder migrated\/2030 .*: migrated is missing/,
  });
  await server.govc(['folder.create', '/DC0/vm/migrated', '/DC0/vm/migrated/2030']);
  for (let round = 0; round < 2; round += 1) await retirement.retire(ref, WANTED, live());
  const after = await vmNamed(connection, `${name}${WANTED.rename}`);
  assert.equal(after.ref.id, ref.id);
  assert.match(after.placement?.folder ?? '', /migrated\/2030$/);
  assert.deepEqual(
    after.nics.map(({ mac }) => mac),
    nics.map(({ mac }) => mac),
  );
  assert.ok(after.nics.every(({ connected }) => connected === false));
  assert.equal(after.disks.length, disks.length);
  const cards = await server.govc([
    'device.info',
    '-vm',
    `/DC0/vm/migrated/2030/${name} (50%25 migrated%2fgone)`,
    '-json',
    'ethernet-*',
  ]);
  assert.match(cards, /"startConnected":\s*false/);
  assert.doesNotMatch(cards, /"startConnected":\s*true/);
});
