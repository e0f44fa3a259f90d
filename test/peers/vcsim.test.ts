import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { govc, startVcsim } from './vcsim.ts';

test('the simulator answers govc over a certificate of its own', async () => {
  await using vcsim = await startVcsim({ vms: 3 });
  const found = await vcsim.govc(['find', '-type', 'm']);
  assert.equal(found.trim().split('\n').length, 6);
  const socket = connect({ host: vcsim.host, port: vcsim.port, ca: vcsim.certificate });
  await once(socket, 'secureConnect');
  assert.equal(socket.getPeerCertificate().fingerprint256, vcsim.thumbprint.sha256);
  assert.equal(socket.getPeerCertificate().fingerprint, vcsim.thumbprint.sha1);
  socket.destroy();
});

test('a wrong password is refused', async () => {
  await using vcsim = await startVcsim();
  const stranger = { ...vcsim, password: 'wrong' };
  await assert.rejects(govc(stranger, ['about']), /Login failure/);
});

test('a disposed simulator no longer listens', async () => {
  const vcsim = await startVcsim({ vms: 1, esx: true });
  assert.match(await vcsim.govc(['about']), /8\.0\.3\.0|VMware ESXi/);
  await vcsim[Symbol.asyncDispose]();
  await assert.rejects(vcsim.govc(['about']), /connection refused/);
});

test('a saved inventory can be loaded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-saved-'));
  try {
    await using first = await startVcsim({ vms: 1 });
    await first.govc(['object.save', '-d', join(folder, 'inventory')]);
    await using second = await startVcsim({ load: join(folder, 'inventory') });
    assert.equal(await second.govc(['find', '-type', 'm']), await first.govc(['find', '-type', 'm']));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
