/**
 * A Hyper-V host by SSH: the scripts go through Debian's OpenSSH server to the simulated host, the bytes come from Debian's samba. Simulated but for
 * these two: it says nothing of a real host (test/peers/hyperv.ts).
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Check } from '../../src/contracts/provider.ts';
import { kubeferry } from '../cli/session.ts';
import { startSshd } from '../peers/sshd.ts';
import { reportOf, startGround } from './hyperv/ground.ts';

const MiB = 1024 * 1024;

const ground = await startGround({});
after(async () => await ground[Symbol.asyncDispose]());
const { hyperv, samba } = ground;
const sshd = await startSshd({
  answers: async (args, input) => {
    const { stdout, stderr, exitCode } = await hyperv.run('HV1', { program: 'powershell.exe', args }, input);
    return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode };
  },
});
after(async () => await sshd[Symbol.asyncDispose]());

const source = `hyperv+ssh://${sshd.user}@127.0.0.1:${sshd.port}`;
const known = [
  ...['--ssh-key', sshd.keyFile, '--thumbprint', sshd.fingerprint, '--share-user', samba.user],
  ...['--path-map', `C:\\VMs=smb://${samba.host}:${samba.port}/VMs`],
];
const services = { credentials: { environment: { KUBEFERRY_SHARE_PASSWORD: samba.password } } };

test('a running VM arrives byte for byte, with a key and without a password of the host', async () => {
  const web = await hyperv.add('web', { disks: [6 * MiB, { capacity: 3 * MiB, type: 'Fixed' }], seed: 3, shutdown: 200 });
  web.tick(20);
  const folder = ground.folder('web');
  const { code, out, err } = await kubeferry(['migrate', '--guest', 'none', source, 'web', '--to', folder, ...known], {
    services,
  });
  assert.equal(code, 0, `${out}\n${err}`);
  await ground.assertArrived(folder, web);
  const concerns = (await reportOf(folder)).vms.flatMap((vm) => vm.concerns.map(({ id }) => id));
  assert.ok(concerns.includes('source-experimental'), concerns.join(', '));
});

test('the doctor finds every link by SSH, and what is wrong with the key of the host', async () => {
  await hyperv.add('archive', { disks: [2 * MiB], on: false });
  const { code, out } = await kubeferry(['doctor', source, ...known, '-o', 'json'], { services });
  const checks: readonly Check[] = JSON.parse(out);
  assert.equal(code, 0, out);
  assert.deepEqual(
    checks.map(({ id, outcome }) => `${id} ${outcome}`),
    [
      ...['dns ok', 'tcp ok', 'login ok', 'shell ok', 'module ok', 'rights ok', 'versions ok', 'cluster skipped'],
      ...['inventory ok', 'rct ok', 'disks ok'],
    ],
  );
  const wrong = await kubeferry(['doctor', source, ...known, '--thumbprint', `SHA256:${'A'.repeat(43)}`], { services });
  assert.equal(wrong.code, 3);
  assert.match(wrong.out, /FAILED +Login: The key of 127\.0\.0\.1 is not the expected one/);
});
