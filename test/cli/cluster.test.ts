/**
 * The commands that act on a cluster, against a real control plane. No operator runs: the tests write what it would write, so that each moment
 * can be looked at. (test/scenarios/cluster-commands.test.ts has the whole way.)
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import type { Services } from '../../src/cli/services.ts';
import { definitionOf } from '../../src/resources/definition.ts';
import { KINDS } from '../../src/resources/index.ts';
import { planLabels } from '../../src/resources/plan-labels.ts';
import { connect, openPlans } from '../../src/wire.ts';
import { buildGuest, GUEST_NAME } from '../demo/guest/build.ts';
import { type ControlPlane, startControlPlane } from '../peers/control-plane.ts';
import { callApi, expectApi } from '../peers/kubernetes-api.ts';
import { kubeferry, type Session } from './session.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const OURS = '/apis/kubeferry.dev/v1alpha1';
/** Without nodes no VM has a place. */
const ACCEPT = ['--accept', 'node-too-small=This cluster has no nodes.'];
const PASSWORD = 'correct-horse-9';

let plane: ControlPlane;
let folder: string;
let ova: string;
let bare: Session;

interface Stored {
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation: number };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-commands-'));
  [plane, ova] = await Promise.all([startControlPlane({ own: true }), buildGuest(folder)]);
  await writeFile(path.join(folder, 'kubeconfig'), plane.kubeconfig(), { mode: 0o600 });
  bare = await cluster('status');
  for (const definition of KINDS.map(definitionOf)) {
    await expectApi(plane.api, 'POST', DEFINITIONS, definition);
    while ((await callApi(plane.api, 'GET', `${OURS}/${definition.spec.names.plural}`)).status !== 200) await sleep(50);
  }
});
after(async () => {
  await plane?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function cluster(...args: readonly string[]): Promise<Session> {
  return await kubeferry([...args, '--kubeconfig', path.join(folder, 'kubeconfig')]);
}

async function clusterWith(services: Partial<Services>, ...args: readonly string[]): Promise<Session> {
  return await kubeferry([...args, '--kubeconfig', path.join(folder, 'kubeconfig')], { services });
}

async function namespace(name: string): Promise<void> {
  await expectApi(plane.api, 'POST', '/api/v1/namespaces', { metadata: { name } });
}

async function read(namespace: string, plural: string, name: string): Promise<Stored | undefined> {
  const { status, body } = await callApi(plane.api, 'GET', `${OURS}/namespaces/${namespace}/${plural}/${name}`);
  return status === 404 ? undefined : (body as Stored);
}

/** A plan whose VMs are as the operator would have left them; the status of each is given by its name. */
async function planOf(
  space: string,
  vms: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  spec: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await namespace(space);
  const made = await expectApi<Stored>(plane.api, 'POST', `${OURS}/namespaces/${space}/migrationplans`, {
    ...{ apiVersion: 'kubeferry.dev/v1alpha1', kind: 'MigrationPlan', metadata: { name: 'first' } },
    spec: { providerRef: { name: 'vcenter' }, selection: { where: ['name=*'] }, ...spec },
  });
  for (const [name, status] of Object.entries(vms)) {
    await expectApi(plane.api, 'POST', `${OURS}/namespaces/${space}/vmmigrations`, {
      ...{ apiVersion: 'kubeferry.dev/v1alpha1', kind: 'VmMigration', metadata: { name, labels: planLabels('first') } },
      spec: { planRef: { name: 'first' }, vm: { id: `vm-${name}`, name } },
    });
    await stateOf(space, name, status);
  }
  const conditions = [
    { type: 'Ready', status: 'False', reason: 'Running', message: 'It runs.', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ];
  const total = Object.keys(vms).length;
  const counts = { total, waiting: 0, running: total, completed: 0, failed: 0, canceled: 0 };
  await expectApi(plane.api, 'PATCH', `${OURS}/namespaces/${space}/migrationplans/first/status`, {
    status: { observedGeneration: made.metadata.generation, conditions, vms: counts },
  });
}

async function stateOf(space: string, name: string, status: Readonly<Record<string, unknown>>): Promise<void> {
  await expectApi(plane.api, 'PATCH', `${OURS}/namespaces/${space}/vmmigrations/${name}/status`, {
    status: { targetName: name, ...status },
  });
}

const FAILURE = { phase: 'CopyDisks', code: 'target-full', message: 'The claim is full.', hint: 'Make it larger.' };
const DISK = { disk: 'd0', claim: 'c', capacity: 1000, done: 250, total: 1000, stage: 'copy' };

test('a cluster without kubeferry says so', () => {
  assert.equal(bare.code, 3);
  assert.match(bare.err, /kubeferry is not installed in this cluster.*\n.*\n *to do: Apply deploy\/crds/);
});

test('image files of this machine are refused, with what to do', async () => {
  const { code, err } = await cluster('migrate', '--guest', 'none', ova, '--to', 'cluster', '--yes');
  assert.equal(code, 2);
  assert.match(err, /it is a file of this machine.*\n *to do: Copy it to a PersistentVolumeClaim.*--claim NAME:PATH/);
});

test('migrate shows the dry run and applies what it says; a second time changes nothing', async () => {
  await namespace('apply');
  const args = [
    'migrate',
    '--guest',
    'none',
    ova,
    '--to',
    'cluster',
    '-n',
    'apply',
    '--claim',
    'images:in/guest.ova',
    '--detach',
    ...ACCEPT,
  ];
  const unasked = await cluster(...args);
  assert.equal(unasked.code, 2);
  assert.match(unasked.err, /nobody can be asked here/);
  assert.equal(await read('apply', 'migrationplans', GUEST_NAME), undefined, 'nothing was applied');

  const first = await cluster(...args, '--yes');
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /── kubeferry-demo[\s\S]*Fields: \d+ kept/);
  assert.match(first.err, /migrate 1 VM \(64\.0 MiB\) into the namespace apply/);
  assert.match(first.err, /Provider apply\/kubeferry-demo: created\nMigrationPlan apply\/kubeferry-demo: created\n/);
  const provider = await read('apply', 'providers', GUEST_NAME);
  assert.deepEqual(provider?.spec['images'], { claim: 'images', path: 'in/guest.ova' });
  const plan = await read('apply', 'migrationplans', GUEST_NAME);
  assert.partialDeepStrictEqual(plan?.spec, { providerRef: { name: GUEST_NAME }, selection: { where: ['name=*'] } });

  const second = await cluster(...args);
  assert.equal(second.code, 0, 'what changes nothing asks nobody');
  assert.match(second.err, /Provider apply\/kubeferry-demo: unchanged\nMigrationPlan apply\/kubeferry-demo: unchanged\n/);
  assert.equal((await read('apply', 'migrationplans', GUEST_NAME))?.metadata.generation, 1);

  const changed = await cluster(...args, '--yes', '--parallel-vms', '2', '--accept', 'no-disks=The team says so.');
  assert.match(changed.err, /This changes what is there already: MigrationPlan kubeferry-demo\./);
  assert.partialDeepStrictEqual(await read('apply', 'migrationplans', GUEST_NAME), {
    metadata: { generation: 2 },
    spec: { limits: { vms: 2 }, accept: [{ concern: 'node-too-small' }, { concern: 'no-disks', reason: 'The team says so.' }] },
  });
});

test('the login of a server goes into a Secret and nowhere else', async () => {
  await namespace('login');
  const services: Partial<Services> = {
    credentials: { environment: { KUBEFERRY_PASSWORD: PASSWORD } },
    // A server is not what this test is about: the login is asked for, and the guest answers.
    connect: async (_source, options) => {
      await options.credentials?.('vc.example.org', 'me@sso');
      return await connect(ova, { signal: options.signal });
    },
  };
  const source = 'vsphere://me%40sso@vc.example.org:8443/DC0/';
  const args = [
    'migrate',
    '--guest',
    'none',
    source,
    GUEST_NAME,
    '--to',
    'cluster',
    '-n',
    'login',
    '--plan-name',
    'first',
    ...ACCEPT,
  ];
  const { code, out, err } = await clusterWith(services, ...args, '--thumbprint', 'ab:cd', '--detach', '--yes');
  assert.equal(code, 0, err);
  const { body } = await callApi(plane.api, 'GET', '/api/v1/namespaces/login/secrets/vc-example-org');
  const data = Object.entries((body as Stored).data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]);
  assert.deepEqual(Object.fromEntries(data), { user: 'me@sso', password: PASSWORD, thumbprint: 'ab:cd' });
  const provider = await read('login', 'providers', 'vc-example-org');
  assert.partialDeepStrictEqual(provider?.spec, {
    url: 'vsphere://vc.example.org:8443/DC0',
    secretRef: { name: 'vc-example-org' },
  });
  const plan = await read('login', 'migrationplans', 'first');
  assert.deepEqual(plan?.spec['selection'], { names: [GUEST_NAME] });
  for (const text of [out, err, JSON.stringify([provider, plan])]) assert.ok(!text.includes(PASSWORD));
});

test('a schedule, groups and windows on the command line are fields of the plan', async () => {
  await namespace('times');
  const services: Partial<Services> = {
    connect: async (_source, options) => {
      const files = await connect(ova, { signal: options.signal });
      const none = () => Promise.reject(new Error('nothing is copied here'));
      const changes = { enable: none, changed: () => assert.fail('nothing is copied here') };
      return {
        name: files.name,
        async *vms(signal) {
          for await (const vm of files.vms(signal)) {
            yield { ...vm, power: 'on' };
            yield { ...vm, power: 'on', name: 'second', ref: { id: 'second', name: 'second' } };
          }
        },
        surroundings: (signal) => files.surroundings(signal),
        openDisk: none,
        ...{ changes, snapshots: { create: none, find: none, remove: none } },
        [Symbol.asyncDispose]: async () => await files[Symbol.asyncDispose](),
      };
    },
  };
  const about = ['--to', 'cluster', '-n', 'times', '--claim', 'images', '--plan-name', 'first', '--detach', '--yes', ...ACCEPT];
  const when = ['--window', '0 22 * * Sat; 4h; Europe/Berlin', '--blackout', '2030-12-20T00:00Z/2031-01-07T00:00Z'];
  const more = ['--warm', '--precopy-every', '30m', '--downtime-budget', '5m', '--group', `pair=${GUEST_NAME},second`];
  const { code, err } = await clusterWith(services, 'migrate', '--guest', 'none', ova, ...about, ...when, ...more);
  assert.equal(code, 0, err);
  assert.partialDeepStrictEqual((await read('times', 'migrationplans', 'first'))?.spec, {
    type: 'warm',
    schedule: {
      precopyEvery: '30m',
      downtimeBudget: '5m',
      cutover: { mode: 'windows', windows: [{ cron: '0 22 * * Sat', duration: '4h', timeZone: 'Europe/Berlin' }] },
      blackouts: [{ from: '2030-12-20T00:00:00.000Z', until: '2031-01-07T00:00:00.000Z' }],
    },
    groups: [{ name: 'pair', vms: [GUEST_NAME, 'second'] }],
  });
});

test('options that a plan has no field for are refused', async () => {
  const claim = ['--claim', 'images', '--to', 'cluster'];
  const { code, err } = await cluster(
    'migrate',
    '--guest',
    'none',
    'nowhere.ova',
    ...claim,
    '--resume',
    '--limits',
    'limits.yaml',
  );
  assert.equal(code, 2);
  assert.match(err, /--resume, --limits: only where --to is a folder/);
  const networks = ['--generate-networks', 'bridge', '--bridge', 'br0', '-n', 'default'];
  assert.match(
    (await cluster('migrate', '--guest', 'none', ova, ...claim, ...networks)).err,
    /no field for --generate-networks yet/,
  );
});

test('limits, more reading than needed and what becomes of the source are fields of the plan', async () => {
  await namespace('fields');
  const args = [
    'migrate',
    '--guest',
    'none',
    ova,
    '--to',
    'cluster',
    '-n',
    'fields',
    '--claim',
    'images',
    '--detach',
    '--yes',
    ...ACCEPT,
  ];
  const first = await cluster(
    ...args,
    '--parallel-per-target',
    '3',
    '--parallel-disks',
    '5',
    '--recheck-source',
    '--prove-all',
    '--leave-source-off',
    '--commit-within',
    '1h30m',
  );
  assert.equal(first.code, 0, first.err);
  assert.partialDeepStrictEqual((await read('fields', 'migrationplans', GUEST_NAME))?.spec, {
    limits: { perStorageClass: 3, transfers: 5 },
    recheckSource: true,
    proveAll: true,
    shutdown: { afterFailure: 'leave-off', graceSeconds: 300, otherwise: 'fail' },
    commit: { mode: 'manual', within: '1h30m', otherwise: 'RollBack' },
  });
  assert.equal((await cluster(...args)).code, 0);
  const after = (await read('fields', 'migrationplans', GUEST_NAME))?.spec;
  assert.deepEqual(
    [after?.['recheckSource'], after?.['proveAll'], after?.['shutdown'], after?.['commit']],
    [false, false, undefined, undefined],
    'what is asked for no longer is taken back',
  );
});

test('what becomes of guests is a field of the plan; their passphrases are in a Secret and nowhere else', async (t) => {
  await namespace('guests');
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-keys-'));
  t.after(async () => await rm(folder, { recursive: true }));
  const keys = path.join(folder, 'keys');
  await writeFile(keys, `/dev/sda2=${PASSWORD}\n`);
  const args = ['migrate', ova, '--to', 'cluster', '-n', 'guests', '--claim', 'images', '--detach', '--yes', ...ACCEPT];
  const guest = ['--guest-keys', keys, '--probe', 'tcp:22', '--guest', 'old=compatibility'];
  const local = await cluster(...args, ...guest, '--virtio-win', './virtio-win.iso');
  assert.equal(local.code, 2);
  assert.match(local.err, /--virtio-win CLAIM/);
  const { code, out, err } = await cluster(...args, ...guest, '--virtio-win', 'drivers:virtio-win.iso');
  assert.equal(code, 0, err);
  const plan = await read('guests', 'migrationplans', GUEST_NAME);
  const probes = [{ tcp: { port: 22 } }];
  assert.deepEqual(plan?.spec['guest'], {
    policy: 'convert',
    keysSecret: { name: `${GUEST_NAME}-guest-keys` },
    virtioWin: { claim: 'drivers', path: 'virtio-win.iso' },
    proof: { type: 'boot', probes },
    exceptions: [{ vms: ['old'], policy: 'compatibility', proof: { type: 'boot', probes } }],
  });
  const { body } = await callApi(plane.api, 'GET', `/api/v1/namespaces/guests/secrets/${GUEST_NAME}-guest-keys`);
  const { keys: kept = '' } = (body as Stored).data ?? {};
  assert.equal(Buffer.from(kept, 'base64').toString(), `/dev/sda2=${PASSWORD}\n`);
  for (const text of [out, err, JSON.stringify(plan)]) assert.ok(!text.includes(PASSWORD));
});

test('a file behind a URL is fetched with the login that its server wants, which is in a Secret and nowhere else', async () => {
  await namespace('fetched');
  const services: Partial<Services> = { credentials: { environment: { KUBEFERRY_PASSWORD: PASSWORD } } };
  const at = (url: string) => [
    ...['migrate', '--guest', 'none'],
    ova,
    '--to',
    'cluster',
    '-n',
    'fetched',
    '--claim',
    'images',
    '--image-url',
    url,
    '--detach',
    '--yes',
  ];
  const { code, out, err } = await clusterWith(
    services,
    ...at('https://me%40sso@files.example.org/guest.ova'),
    ...ACCEPT,
    '--thumbprint',
    'ab:cd',
  );
  assert.equal(code, 0, err);
  const { body } = await callApi(plane.api, 'GET', `/api/v1/namespaces/fetched/secrets/${GUEST_NAME}`);
  const data = Object.entries((body as Stored).data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]);
  assert.deepEqual(Object.fromEntries(data), { user: 'me@sso', password: PASSWORD, thumbprint: 'ab:cd' });
  const provider = await read('fetched', 'providers', GUEST_NAME);
  assert.partialDeepStrictEqual(provider?.spec, {
    images: { claim: 'images', path: path.basename(ova), url: 'https://files.example.org/guest.ova' },
    secretRef: { name: GUEST_NAME },
    insecure: false,
  });
  for (const text of [out, err, JSON.stringify(provider)]) assert.ok(!text.includes(PASSWORD));

  const open = await cluster(...at('https://files.example.org/guest.ova'), ...ACCEPT, '--insecure');
  assert.equal(open.code, 0, open.err);
  assert.match(open.err, /WARNING: --insecure/);
  const trusting = await read('fetched', 'providers', GUEST_NAME);
  assert.deepEqual([trusting?.spec['insecure'], trusting?.spec['secretRef']], [true, undefined]);

  for (const [url, because] of [
    ['http://files.example.org/guest.ova', /--image-url is an https:/],
    [`https://me:${PASSWORD}@files.example.org/guest.ova`, /--image-url must not hold a password/],
  ] as const) {
    const refused = await cluster(...at(url), ...ACCEPT);
    assert.equal(refused.code, 2);
    assert.match(refused.err, because);
    assert.ok(!refused.err.includes(PASSWORD));
  }
});

test('open Critical concerns apply nothing', async () => {
  const map = path.join(folder, 'nowhere.yaml');
  await writeFile(
    map,
    'apiVersion: kubeferry.dev/v1alpha1\nkind: StorageMap\nspec: {entries: [{source: "*", target: {storageClass: none}}]}',
  );
  const { code, err } = await cluster(
    'migrate',
    '--guest',
    'none',
    ova,
    '--claim',
    'images',
    '--to',
    'cluster',
    '--storage-map',
    map,
    '--yes',
  );
  assert.equal(code, 1);
  assert.match(err, /nothing was applied: Critical concerns are open \(.*map-target-missing/);
  assert.equal(await read('default', 'migrationplans', GUEST_NAME), undefined);
});

test('what plan writes for Git is taken as it is, and applying it again changes nothing, not even a switch', async () => {
  await namespace('gitops');
  const out = path.join(folder, 'git');
  const printed = await kubeferry(['plan', ova, '--claim', 'images', '--plan-name', 'first', '-o', 'yaml', '--out', out]);
  assert.equal(printed.code, 0, printed.err);
  const objects = parseAllDocuments(printed.out).map((document) => document.toJS() as Stored & { readonly kind: string });
  assert.deepEqual(
    objects.map(({ kind }) => kind),
    ['Provider', 'MigrationPlan'],
  );
  for (const { kind } of objects) {
    const file = await readFile(path.join(out, 'plan', `${kind.toLowerCase()}.yaml`), 'utf8');
    assert.ok(printed.out.includes(file), `the folder holds the same ${kind}`);
  }
  const sync = async (query = ''): Promise<void> => {
    for (const object of objects) {
      const plural = KINDS.find(({ kind }) => kind === object.kind)?.plural;
      const at = `${OURS}/namespaces/gitops/${plural}/${object.metadata.name}`;
      const all = `${at}?fieldManager=git&fieldValidation=Strict${query}`;
      await expectApi(plane.api, 'PATCH', all, object, 'application/apply-patch+yaml');
    }
  };
  await sync('&dryRun=All');
  await sync();
  await sync();
  assert.equal((await read('gitops', 'migrationplans', 'first'))?.metadata.generation, 1);
  assert.equal((await cluster('pause', 'first', '-n', 'gitops')).code, 0);
  await sync();
  const plan = await read('gitops', 'migrationplans', 'first');
  assert.equal(plan?.metadata.generation, 2);
  assert.equal(plan?.spec['paused'], true);
});

test('status shows plans, one plan with its VMs, and all of it as JSON', async () => {
  await planOf('shown', {
    web: { phase: 'CopyDisks', since: new Date().toISOString(), disks: [DISK] },
    db: { phase: 'Failed', failure: FAILURE },
  });
  const all = await cluster('status', '-A');
  assert.match(all.out, /^NAMESPACE +PLAN +TYPE +STATE/);
  assert.match(all.out, /^shown +first +cold +Running +2 +2 +0 +0 +0 %/m);
  const one = await cluster('status', 'shown/first');
  assert.equal(one.code, 0);
  assert.match(
    one.out,
    /^db +Failed\n +in CopyDisks: The claim is full\. \[target-full\]\n +to do: Make it larger\.\nweb +CopyDisks +25 %/m,
  );
  const json = await cluster('status', 'first', 'web', '-n', 'shown', '-o', 'json');
  assert.partialDeepStrictEqual(JSON.parse(json.out), {
    plan: { name: 'first', state: 'Running' },
    vms: [{ vm: { name: 'web' }, standing: 'running', done: 250, total: 1000 }],
  });
  assert.equal(JSON.parse(json.out).vms.length, 1);
  const unknown = await cluster('status', 'second', '-n', 'shown');
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /no plan second in the namespace shown\. It holds first\./);
  assert.match((await cluster('status', 'first', 'nobody', '-n', 'shown')).err, /no VM nobody/);
});

test('VMs are sorted as people count, and those of other plans are not among them', async () => {
  const done = { phase: 'Completed' };
  await planOf('sorted', { 'vm-10': done, 'vm-2': done, 'vm-1': done });
  await expectApi(plane.api, 'POST', `${OURS}/namespaces/sorted/vmmigrations`, {
    ...{ apiVersion: 'kubeferry.dev/v1alpha1', kind: 'VmMigration', metadata: { name: 'vm-3', labels: planLabels('other') } },
    spec: { planRef: { name: 'other' }, vm: { id: 'vm-3', name: 'vm-3' } },
  });
  for (const watch of [[], ['--watch']]) {
    const { code, out } = await cluster('status', 'sorted/first', ...watch);
    assert.equal(code, 0);
    assert.match(out, /^vm-1 .*\nvm-2 .*\nvm-10 .*Completed\s*$/m);
    assert.ok(!out.includes('vm-3'));
  }
});

test('status --watch tells each change and ends with the plan, by its exit code', async () => {
  await planOf('watched', { web: { phase: 'CopyDisks', disks: [DISK] }, db: { phase: 'CopyDisks', disks: [DISK] } });
  const told = Promise.withResolvers<void>();
  const watching = kubeferry(['status', 'watched/first', '--watch', '--kubeconfig', path.join(folder, 'kubeconfig')], {
    onOut: () => told.resolve(),
  });
  await told.promise;
  await stateOf('watched', 'web', { phase: 'Completed' });
  await stateOf('watched', 'db', { phase: 'Failed', failure: FAILURE });
  const { code, out } = await watching;
  assert.equal(code, 3);
  assert.match(out, /^web: Completed$/m);
  assert.match(out, /^db: Failed: in CopyDisks: The claim is full\. \[target-full\]; to do: Make it larger\.$/m);
});

test('cancel asks first, and means exactly the VMs that are named', async () => {
  await planOf('canceling', { web: { phase: 'CopyDisks' }, db: { phase: 'CopyDisks' }, old: { phase: 'Completed' } });
  const place = ['-n', 'canceling'];
  assert.equal((await cluster('cancel', 'first', 'web', ...place)).code, 2, 'nobody can be asked');
  const answers: string[] = [];
  const ask = async (question: string): Promise<string> => {
    answers.push(question);
    return 'n';
  };
  const no = await clusterWith({ credentials: { environment: {}, ask } }, 'cancel', 'first', 'web', ...place);
  assert.equal(no.code, 2);
  assert.match(no.err, /Nothing was changed/);
  assert.equal(answers.length, 1);
  assert.equal((await read('canceling', 'vmmigrations', 'web'))?.spec['canceled'], false);

  const nonsense = await cluster('cancel', 'first', 'web', 'old', ...place, '--yes');
  assert.equal(nonsense.code, 2);
  assert.match(nonsense.err, /old has come to its end: it is complete/);
  assert.equal((await read('canceling', 'vmmigrations', 'web'))?.spec['canceled'], false, 'nothing is done by halves');

  const yes = await cluster('cancel', 'first', 'web', ...place, '--yes');
  assert.equal(yes.code, 0, yes.err);
  assert.equal((await read('canceling', 'vmmigrations', 'web'))?.spec['canceled'], true);
  assert.equal((await read('canceling', 'vmmigrations', 'db'))?.spec['canceled'], false);
  assert.match((await cluster('cancel', 'first', 'web', ...place, '--yes')).err, /web is canceled already/);

  assert.equal((await cluster('cancel', 'first', ...place, '--yes')).code, 0);
  assert.equal((await read('canceling', 'migrationplans', 'first'))?.spec['canceled'], true);
  assert.match((await cluster('retry', 'first', ...place)).err, /make another plan/);
});

test('retry counts up for what failed, also while its status is being written', async () => {
  await planOf('retrying', { web: { phase: 'Failed', failure: FAILURE, retried: 2 }, db: { phase: 'CopyDisks' } });
  let busy = 3;
  const services: Partial<Services> = {
    openPlans: async (access) => {
      const plans = await openPlans(access);
      const switchVm = plans.switchVm.bind(plans);
      plans.switchVm = async (vm, spec, signal) => {
        if (busy-- > 0) await stateOf('retrying', 'web', { waitingFor: `try ${busy}` });
        await switchVm(vm, spec, signal);
      };
      return plans;
    },
  };
  const { code, err } = await clusterWith(services, 'retry', 'first', '-n', 'retrying');
  assert.equal(code, 0, err);
  assert.match(err, /retry web: /);
  assert.equal((await read('retrying', 'vmmigrations', 'web'))?.spec['retry'], 3);
  assert.equal((await read('retrying', 'vmmigrations', 'db'))?.spec['retry'], 0);
});

test('commit and rollback mean the VMs that wait for them, and rollback those whose source was left off as well', async () => {
  const vms = {
    web: { phase: 'AwaitCommit' },
    db: { phase: 'AwaitCommit' },
    off: { phase: 'Failed', failure: { ...FAILURE, source: 'left-off' } },
    busy: { phase: 'CopyDelta' },
  };
  await planOf('back', vms, { type: 'warm', commit: { mode: 'manual' } });
  const place = ['-n', 'back', '--yes'];
  assert.equal((await cluster('commit', 'first', 'web', ...place)).code, 0);
  const { code, err } = await cluster('rollback', 'first', ...place);
  assert.equal(code, 0, err);
  const switches = async (name: string) => {
    const spec = (await read('back', 'vmmigrations', name))?.spec;
    return [spec?.['committed'], spec?.['rolledBack']];
  };
  assert.deepEqual(await Promise.all(['web', 'db', 'off', 'busy'].map(switches)), [
    [true, false],
    [false, true],
    [false, true],
    [false, false],
  ]);
  assert.match((await cluster('rollback', 'first', 'busy', ...place)).err, /busy is not in the cluster yet/);
});

test('status says what a VM waits for, with its group and what its downtime is predicted to be', async () => {
  const spread = { low: 30, likely: 45, high: 90 };
  const rates = { changeRate: 1, copyRate: 2, converges: true, advice: [] };
  const downtime = { finalDelta: spread, seconds: spread, ...rates };
  const outlook = {
    ...{ next: 'precopy', at: '2030-01-05T21:30:00Z', because: 'keeps the final delta within its goal' },
    ...{ cutoverAt: '2030-01-05T23:00:00Z', cutoverBecause: 'the first time at which it can end', downtime },
  };
  await planOf('outlook', { web: { phase: 'AwaitPrecopy', group: 'shop', outlook } }, { type: 'warm' });
  const { out } = await cluster('status', 'first', '-n', 'outlook');
  assert.match(out, /group shop: next precopy 2030-01-05 21:30 UTC .*, cutover 2030-01-05 23:00 UTC, predicted downtime 45 s/);
});

test('cutover sets the time of a warm plan, or of one of its VMs', async () => {
  await planOf('warm', { web: { phase: 'AwaitCutover' }, db: { phase: 'AwaitCutover' } }, { type: 'warm' });
  const at = ['--at', '2030-01-05T23:00:00Z', '--yes', '-n', 'warm'];
  assert.equal((await cluster('cutover', 'first', 'db', ...at)).code, 0);
  assert.equal((await read('warm', 'vmmigrations', 'db'))?.spec['cutover'], '2030-01-05T23:00:00.000Z');
  assert.equal((await read('warm', 'vmmigrations', 'web'))?.spec['cutover'], undefined);
  assert.equal((await cluster('cutover', 'first', ...at)).code, 0);
  assert.partialDeepStrictEqual((await read('warm', 'migrationplans', 'first'))?.spec, {
    cutover: '2030-01-05T23:00:00.000Z',
  });
  assert.equal((await cluster('cutover', 'first', '--at', 'tomorrow', '-n', 'warm')).code, 2);
});
