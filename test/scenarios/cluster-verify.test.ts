/** Disks in a cluster are read again by workers and compared with what was sealed: as they were left, changed behind our back, and while a VM runs. */
import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { Verification } from '../../src/model/verification.ts';
import { kubeferry, type Session } from '../cli/session.ts';
import { buildGuest, GUEST_NAME } from '../demo/guest/build.ts';
import { GUEST_DISK_BYTES } from '../demo/guest/disk.ts';
import { applyObject } from '../deploy/objects.ts';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { expectApi } from '../peers/kubernetes-api.ts';
import { Ground, IMAGES } from './cluster/ground.ts';

const VM = 'example/virt-launcher:1';
const CLAIMS = { files: `files-${GUEST_NAME}-disk-0`, device: `device-${GUEST_NAME}-disk-0` } as const;

let ground: Ground;
let folder: string;
let namespace: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-cluster-verify-'));
  const [started, ova] = await Promise.all([Ground.start({ images: { [VM]: ['sleep', '600'] } }), buildGuest(folder)]);
  ground = started;
  namespace = ground.name('verify');
  await ground.namespace(namespace, { 'guest.ova': ova });
  await writeFile(path.join(folder, 'kubeconfig'), ground.plane.kubeconfig(await person()), { mode: 0o600 });
  await using _operator = ground.operate(namespace);
  await Promise.all([
    migrate(ova, 'files', { storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem' }),
    migrate(ova, 'device', { storageClass: STORAGE_CLASSES.immediate, volumeMode: 'Block' }),
  ]);
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Token of somebody who may do in the namespace what `edit` and our role for people grant, and nothing else. */
async function person(): Promise<string> {
  const { api } = ground.plane;
  const roles = path.resolve(import.meta.dirname, '../../deploy/kustomize/base/user-roles.yaml');
  for (const role of parseAllDocuments(await readFile(roles, 'utf8'))) await applyObject(api, role.toJS());
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await expectApi(api, 'POST', accounts, { metadata: { name: 'person' } });
  for (const name of ['edit', 'kubeferry-edit']) {
    await expectApi(api, 'POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name: 'person', namespace }],
    });
  }
  const asked = await expectApi<{ readonly status: { readonly token: string } }>(api, 'POST', `${accounts}/person/token`, {
    spec: {},
  });
  return asked.status.token;
}

async function cluster(...args: readonly string[]): Promise<Session> {
  return await kubeferry([...args, '--kubeconfig', path.join(folder, 'kubeconfig'), '-n', namespace]);
}

async function migrate(ova: string, plan: keyof typeof CLAIMS, target: object): Promise<void> {
  const map = path.join(folder, `${plan}.json`);
  await writeFile(
    map,
    JSON.stringify({ apiVersion: 'kubeferry.dev/v1alpha1', kind: 'StorageMap', spec: { entries: [{ source: '*', target }] } }),
  );
  const names = ['--plan-name', plan, '--vm-names', `${plan}-{vm}`];
  const from = ['--claim', 'images:guest.ova', '--provider-name', 'images'];
  const { code, err } = await cluster(
    'migrate',
    '--guest',
    'none',
    ova,
    '--to',
    'cluster',
    '--yes',
    '--storage-map',
    map,
    ...from,
    ...names,
  );
  assert.equal(code, 0, err);
}

async function verify(...args: readonly string[]): Promise<Omit<Session, 'out'> & { readonly out: Verification }> {
  const { code, out, err } = await cluster('verify', ...args, '--image', IMAGES.worker, '-o', 'json');
  assert.notEqual(out, '', err);
  return { code, err, out: JSON.parse(out) };
}

/** Turns one bit, as a medium does that has grown old. */
async function damage(plan: keyof typeof CLAIMS, at: number): Promise<void> {
  const volume = await ground.kubelet.volumePath(namespace, CLAIMS[plan]);
  await using file = await open(plan === 'files' ? path.join(volume, 'disk.img') : volume, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at);
  await file.sync();
}

async function verifyJobs(): Promise<readonly string[]> {
  return (await ground.jobs(namespace)).map(({ metadata }) => metadata.name).filter((name) => name.startsWith('verify-'));
}

test('what a plan brought is as it was sealed, on a file system and on a device, and no Job is left', async () => {
  const plan = await verify('--plan', 'files', GUEST_NAME);
  assert.equal(plan.code, 0, plan.err);
  assert.match(plan.out.place, /^the plan \S+\/files in /);
  const [disk, ...others] = plan.out.disks;
  assert.deepEqual(others, []);
  assert.deepEqual([disk?.outcome, disk?.file, disk?.sealed?.size], ['ok', `pvc/${CLAIMS.files}`, GUEST_DISK_BYTES]);
  assert.equal(disk?.root, disk?.sealed?.root);
  const report = path.join(folder, 'sealed.json');
  const { sealed, vm = '', disk: key = '' } = disk ?? {};
  const result = {
    job: `${vm}/${key}`,
    size: GUEST_DISK_BYTES,
    moved: 0,
    allocated: 0,
    seconds: 1,
    transport: 'decoder',
    proof: sealed,
  };
  await writeFile(report, JSON.stringify(result));
  // The same content on a device: the report of one disk proves the other.
  const device = await verify(`pvc/${CLAIMS.device}`, '--report', report);
  assert.equal(device.code, 0, device.err);
  assert.equal(device.out.disks[0]?.outcome, 'ok');
  await ground.until(async () => (await verifyJobs()).length === 0);
});

test('a claim that a VM has mounted is refused, and says whose it is', async () => {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  await expectApi(ground.plane.api, 'POST', pods, launcher('virt-launcher-web', CLAIMS.files));
  const { code, out } = await verify('--plan', 'files');
  assert.equal(code, 3);
  assert.match(
    `${out.disks[0]?.outcome}: ${out.disks[0]?.finding}`,
    /^unreadable: The claim files-\S+ in \S+ is in use by the VM web, which runs \(Pod virt-launcher-web\)\. Shut the VM down/,
  );
  assert.deepEqual(await verifyJobs(), []);
  await expectApi(ground.plane.api, 'DELETE', `${pods}/virt-launcher-web?gracePeriodSeconds=0`);
  await ground.until(async () => (await ground.get(`${pods}/virt-launcher-web`)) === undefined);
});

test('whoever calls a look off leaves nothing behind', async () => {
  const stop = new AbortController();
  const about = ['--image', 'example.com/nowhere:1', '--kubeconfig', path.join(folder, 'kubeconfig'), '-n', namespace];
  const looking = kubeferry(['verify', '--plan', 'files', ...about], { signal: stop.signal });
  await ground.until(async () => (await verifyJobs()).length === 1);
  stop.abort();
  const { code, err } = await looking;
  assert.equal(code, 3);
  assert.match(err, /canceled/);
  await ground.until(async () => (await verifyJobs()).length === 0);
});

test('one bit that turned behind our back is found, on a file system and on a device', async () => {
  await Promise.all([damage('files', 300_000), damage('device', GUEST_DISK_BYTES - 1)]);
  const [files, device] = await Promise.all([verify('--plan', 'files'), verify(`pvc/${CLAIMS.device}`)]);
  for (const { code, out, err } of [files, device]) {
    assert.equal(code, 1, err);
    const [disk] = out.disks;
    assert.equal(disk?.outcome, 'differs');
    assert.match(disk?.root ?? '', /^[0-9a-f]{64}$/);
    assert.notEqual(disk?.root, disk?.sealed?.root);
    assert.match(err, /A VM that ran since its migration/);
  }
});

test('what was never brought is told, and no Job is made for it', async () => {
  assert.match((await cluster('verify', '--plan', 'other')).err, /There is no plan other/);
  assert.match((await cluster('verify', 'pvc/images')).err, /No VmMigration in \S+ says what was sealed on the claim images/);
  assert.match((await cluster('verify', '--plan', 'files', 'db')).err, /has no VM db/);
  assert.match((await cluster('verify')).err, /Name a folder, a file, pvc\/NAME, or a plan/);
  assert.deepEqual(await verifyJobs(), []);
});

/** As KubeVirt starts a VM, as far as anybody looks at it. */
function launcher(name: string, claimName: string): object {
  return {
    metadata: { name, labels: { 'vm.kubevirt.io/name': 'web' } },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 107, fsGroup: 107, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'compute',
          image: VM,
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [{ name: 'disk', mountPath: '/disk' }],
        },
      ],
      volumes: [{ name: 'disk', persistentVolumeClaim: { claimName } }],
    },
  };
}
