/** The definitions as a real API server takes them: their own shape, every sample, and what wrong objects are told. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { FOLDER, renderDefinitions } from '../../deploy/crds.ts';
import { definitionOf, schemaOf } from '../../src/resources/definition.ts';
import { KINDS } from '../../src/resources/index.ts';
import { type ControlPlane, startControlPlane } from '../peers/control-plane.ts';
import { type ApiAnswer, callApi } from '../peers/kubernetes-api.ts';

const SAMPLES = path.join(import.meta.dirname, '../../deploy/samples');
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface Sample {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

const SETTLED_WITHIN_MS = 30_000;

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({ own: true });
  for (const kind of KINDS) {
    const made = await callApi(plane.api, 'POST', `${DEFINITIONS}?fieldValidation=Strict`, definitionOf(kind));
    assert.equal(made.status, 201, JSON.stringify(made.body));
  }
});
after(async () => {
  await plane[Symbol.asyncDispose]();
});

test('the files in deploy/crds are what the schemas say', async () => {
  const rendered = renderDefinitions();
  assert.deepEqual((await readdir(FOLDER)).toSorted(), rendered.map(({ file }) => file).toSorted());
  for (const { file, content } of rendered) {
    assert.equal(await readFile(path.join(FOLDER, file), 'utf8'), content, `${file} is stale: run node deploy/crds.ts`);
  }
});

test('every definition is established, structural and free of conflicts of names', async () => {
  for (const kind of KINDS) {
    const { metadata } = definitionOf(kind);
    const conditions = await settled(`${DEFINITIONS}/${metadata.name}`);
    assert.equal(conditions['Established'], 'True', kind.kind);
    assert.equal(conditions['NamesAccepted'], 'True', kind.kind);
    assert.notEqual(conditions['NonStructuralSchema'], 'True', kind.kind);
  }
});

test('every field that people write is described', () => {
  assert.deepEqual(
    KINDS.flatMap((kind) => undescribed(schemaOf(kind.spec), `${kind.kind}.spec`)),
    [],
  );
});

test('the checkpoints of a status can be taken back, all of them', async () => {
  const all = '/apis/kubeferry.dev/v1alpha1/namespaces/default/vmmigrations';
  const about = { apiVersion: 'kubeferry.dev/v1alpha1', kind: 'VmMigration', metadata: { name: 'taken-back' } };
  const spec = { planRef: { name: 'plan' }, vm: { id: 'vm-1', name: 'web' } };
  assert.equal((await callApi(plane.api, 'POST', all, { ...about, spec })).status, 201);
  for (const checkpoints of [{ 'scsi0:0': 'one/1' }, {}]) {
    const to = `${all}/taken-back/status?fieldManager=test&force=true`;
    const body = { ...about, status: { warm: { id: 'now', checkpoints, passes: [] } } };
    const answer = await callApi(plane.api, 'PATCH', to, body, 'application/apply-patch+yaml');
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const { status } = answer.body as { readonly status: { readonly warm: { readonly checkpoints: object } } };
    assert.deepEqual(status.warm.checkpoints, checkpoints);
  }
});

test('every sample is accepted as it stands, with no field unknown', async () => {
  const samples = await readSamples();
  assert.ok(samples.length >= 6);
  for (const sample of samples) {
    const { status, body } = await create(sample);
    assert.equal(status, 201, `${sample.kind} ${sample.metadata.name}: ${JSON.stringify(body)}`);
  }
});

test('what is left out gets its default', async () => {
  const { body } = await create(await sampleOf('first-two'));
  assert.partialDeepStrictEqual(body, { spec: { type: 'cold', verify: true, paused: false, dryRun: false } });
});

const WINDOW = { cron: '0 1 * * 6', duration: '4h' };

function windows(window: object): Readonly<Record<string, unknown>> {
  return { schedule: { cutover: { mode: 'windows', windows: [window] } } };
}

/** What is wrong, made from a sample, and what the server has to say. */
const WRONG: readonly (readonly [what: string, sample: string, change: Readonly<Record<string, unknown>>, message: RegExp])[] = [
  ['an unknown field', 'first-two', { verfy: true }, /unknown field "spec.verfy"/],
  ['a selection of nothing', 'first-two', { selection: {} }, /say names, ids or where/],
  ['a map that is named and written', 'first-two', { networkMap: { ref: { name: 'a' }, entries: [] } }, /either ref or entries/],
  ['a cutover of a cold plan', 'first-two', { schedule: { cutover: { mode: 'whenReady' } } }, /go with type warm only/],
  [
    'a cutover that ends before it begins',
    'billing',
    { schedule: { cutover: { mode: 'at', at: '2030-01-02T00:00:00Z', until: '2030-01-01T00:00:00Z' } } },
    /until must be later than at/,
  ],
  ['windows that are not meant', 'billing', { schedule: { cutover: { windows: [WINDOW] } } }, /windows go with mode windows/],
  [
    'a window without a length',
    'billing',
    { schedule: { cutover: { mode: 'windows', windows: [{ cron: '0 1 * * 6' }] } } },
    /duration/,
  ],
  ['a cron of six fields', 'billing', windows({ ...WINDOW, cron: '0 0 1 * * 6' }), /cron/],
  [
    'a blackout of two kinds',
    'billing',
    { schedule: { blackouts: [{ ...WINDOW, from: '2030-01-01T00:00:00Z' }] } },
    /say either cron/,
  ],
  ['a length of time that is none', 'billing', { schedule: { downtimeBudget: 'soon' } }, /downtimeBudget/],
  ['a group of one', 'billing', { groups: [{ name: 'a', vms: ['a'] }] }, /groups\[0\].vms/],
  ['a probe that asks in two ways', 'billing', { guest: { proof: { probes: [{}] } } }, /say either tcp or http/],
  ['a policy that there is not', 'billing', { guest: { policy: 'maybe' } }, /guest.policy/],
  ['a root that is no device', 'billing', { guest: { exceptions: [{ vms: ['a'], root: 'C:' }] } }, /exceptions\[0\].root/],
  ['a concern that is accepted without a reason', 'first-two', { accept: [{ concern: 'x', reason: '' }] }, /reason/],
  ['a password in a URL', 'vcenter', { url: 'vsphere://root:secret@vcenter.example.com' }, /must not hold a password/],
  ['a server without a login', 'vcenter', { secretRef: undefined }, /needs secretRef/],
  ['image files that are nowhere', 'images', { images: undefined }, /image needs images/],
  ['a VDDK that is not there', 'vcenter', { transport: 'vddk' }, /needs vddk.image/],
  ['a kind of source that there is not', 'vcenter', { type: 'vmware' }, /"vsphere", "hyperv", "image"/],
  ['a password in a URL by SSH', 'hv1', { url: 'hyperv+ssh://root:secret@hv1' }, /must not hold a password/],
  ['a Hyper-V host with the URL of another source', 'hv1', { url: 'vsphere://hv1' }, /url of hyperv is/],
  ['a way to the bytes of a Hyper-V host', 'hv1', { transport: 'range' }, /transport is for vsphere/],
  ['paths of a vCenter', 'vcenter', { paths: [] }, /for hyperv only/],
  ['a path that is nowhere', 'hv1', { paths: [{ from: 'C:\\VMs' }] }, /either share or claim/],
  ['a path at two places', 'hv1', { paths: [{ from: 'C:\\VMs', share: '\\\\a\\b', claim: 'c' }] }, /either share or claim/],
  ['a folder that leaves its claim', 'hv1', { paths: [{ from: 'C:\\VMs', claim: 'c', folder: 'a/../..' }] }, /stay on the claim/],
  ['a path of another system', 'hv1', { paths: [{ from: '/vms', claim: 'c' }] }, /from/],
  ['a network that is not named', 'datacenter', { entries: [{ source: {}, target: { type: 'pod' } }] }, /say id, name or vlan/],
  [
    'an attachment without a name',
    'datacenter',
    { entries: [{ source: { vlan: 1 }, target: { type: 'multus' } }] },
    /name or pool/,
  ],
  ['a VLAN that there is not', 'datacenter', { entries: [{ source: { vlan: 4095 }, target: { type: 'pod' } }] }, /4094/],
  [
    'a way back that was never open',
    'billing',
    { commit: { mode: 'auto', within: '3h', otherwise: 'Commit' } },
    /mode manual only/,
  ],
  ['a way back that ends in nobody knows what', 'billing', { commit: { mode: 'manual', within: '3h' } }, /within and otherwise/],
];

for (const [what, name, change, message] of WRONG) {
  test(`${what} is refused with words that help`, async () => {
    const sample = await sampleOf(name);
    const { status, body } = await create({ ...sample, spec: { ...sample.spec, ...change } });
    assert.ok(status === 400 || status === 422, `${status} ${JSON.stringify(body)}`);
    assert.match(JSON.stringify(body).replaceAll('\\"', '"'), message);
  });
}

test('a plan that was canceled stays so, and its provider cannot be changed', async () => {
  const plans = '/apis/kubeferry.dev/v1alpha1/namespaces/default/migrationplans';
  const sample = await sampleOf('first-two');
  assert.equal((await callApi(plane.api, 'POST', plans, sample)).status, 201);
  const plan = `${plans}/first-two`;
  assert.equal((await callApi(plane.api, 'PATCH', plan, { spec: { canceled: true } })).status, 200);
  assert.match(told(await callApi(plane.api, 'PATCH', plan, { spec: { canceled: false } })), /stays canceled/);
  assert.match(told(await callApi(plane.api, 'PATCH', plan, { spec: { providerRef: { name: 'other' } } })), /cannot be changed/);
});

function told({ body }: ApiAnswer): string {
  return JSON.stringify(body);
}

async function create(sample: Sample): Promise<ApiAnswer> {
  const plural = KINDS.find(({ kind }) => kind === sample.kind)?.plural ?? 'none';
  const collection = `/apis/kubeferry.dev/v1alpha1/namespaces/default/${plural}`;
  return await callApi(plane.api, 'POST', `${collection}?dryRun=All&fieldValidation=Strict`, sample);
}

async function sampleOf(name: string): Promise<Sample> {
  const sample = (await readSamples()).find(({ metadata }) => metadata.name === name);
  assert.ok(sample, `no sample ${name}`);
  return sample;
}

async function readSamples(): Promise<readonly Sample[]> {
  const files = (await readdir(SAMPLES)).filter((file) => file.endsWith('.yaml'));
  const texts = await Promise.all(files.toSorted().map((file) => readFile(path.join(SAMPLES, file), 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document): Sample => document.toJS()));
}

/** Conditions of a definition by type, once it is served or will never be: its names are accepted a moment before that. */
async function settled(definition: string): Promise<Readonly<Record<string, string>>> {
  for (const end = Date.now() + SETTLED_WITHIN_MS; ; ) {
    const { body } = await callApi(plane.api, 'GET', definition);
    const { status } = body as {
      readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
    };
    const conditions = Object.fromEntries((status?.conditions ?? []).map((condition) => [condition.type, condition.status]));
    if (conditions['Established'] === 'True' || conditions['NamesAccepted'] === 'False' || Date.now() > end) return conditions;
    await sleep(50);
  }
}

/** Paths of fields below `spec` that say nothing of themselves; a field that is named like its kind of value needs no words. */
function undescribed(node: Readonly<Record<string, unknown>>, at: string): readonly string[] {
  const properties = (node['properties'] ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const inner = node['items'] as Readonly<Record<string, unknown>> | undefined;
  const below = Object.entries(properties).flatMap(([name, field]) => [
    ...(field['description'] === undefined && !SELF_EVIDENT.has(name) ? [`${at}.${name}`] : []),
    ...undescribed(field, `${at}.${name}`),
  ]);
  return inner === undefined ? below : [...below, ...undescribed(inner, `${at}[]`)];
}

const SELF_EVIDENT = new Set(['volumeMode', 'accessMode', 'ref', 'entries']);
