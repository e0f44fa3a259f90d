/**
 * VMs of the cluster are watched while they start: on the real API server with KubeVirt's definitions, KubeVirt's part played by stories
 * (test/peers/played-kubevirt.ts), and guests that are asked by real workers.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Clock } from '../../../src/contracts/clock.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import type { Cluster } from '../../../src/kube/index.ts';
import { ClusterProver } from '../../../src/kube/proof/cluster-prover.ts';
import type { BootProbe, BootProof } from '../../../src/model/boot-proof.ts';
import type { ConversionChange } from '../../../src/model/conversion.ts';
import type { VmPlan, VmProgress } from '../../../src/model/plan.ts';
import { callApi, expectApi } from '../../peers/kubernetes-api.ts';
import { type Beat, condition, playKubevirt, STARTS } from '../../peers/played-kubevirt.ts';
import { type PlayedScreens, playScreens } from '../../peers/played-screens.ts';
import { Ground } from '../../scenarios/cluster/ground.ts';
import { CLOCK, open } from '../cluster.ts';
import { makeOwner, startWorkers, type Workers } from '../jobs/bench.ts';
import { startLosingRelay } from '../losing-relay.ts';

/** Time that flies while somebody waits: a look every 3 s is one every 15 ms. */
let ahead = 0;
const HURRIED: Clock = {
  now: () => Date.now() + ahead,
  sleep: async (milliseconds, signal) => {
    ahead += milliseconds;
    await CLOCK.sleep(Math.min(milliseconds, 15), signal);
  },
};
const SIGNAL = AbortSignal.timeout(120_000);
const PICTURE = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(2000, 7)]);
const MAC = '52:54:00:00:00:01';

const stories = new Map<string, (start: number) => readonly Beat[]>();
let ground: Ground;
let namespace: string;
let cluster: Cluster;
let workers: Workers;
let played: AsyncDisposable;
let screens: PlayedScreens;
before(async () => {
  ground = await Ground.start({ own: true });
  namespace = ground.name('proof');
  await ground.namespace(namespace, {});
  cluster = await open(ground.plane.kubeconfig(), HURRIED);
  workers = await startWorkers(cluster.client, namespace);
  const { api } = ground.plane;
  played = await playKubevirt({ api, namespace, story: (vm, start) => stories.get(vm)?.(start) ?? STARTS });
  screens = await playScreens(api, (vm) => (vm.startsWith('dark') ? undefined : PICTURE));
});
after(async () => {
  await screens?.[Symbol.asyncDispose]();
  await played?.[Symbol.asyncDispose]();
  await workers?.[Symbol.asyncDispose]();
  cluster?.[Symbol.dispose]();
  await ground?.[Symbol.asyncDispose]();
});

interface Told {
  readonly doing: string[];
  readonly waits: (string | undefined)[];
}

interface Case {
  readonly name: string;
  readonly story?: (start: number) => readonly Beat[];
  readonly probes?: readonly BootProbe[];
  readonly deadlineSeconds?: number;
  readonly runStrategy?: 'Always' | 'RerunOnFailure' | 'Halted';
  /** What the source said of its NIC. */
  readonly addresses?: readonly string[];
  readonly changes?: readonly ConversionChange[];
  /** What the converter found written down for it. */
  readonly configured?: readonly string[];
  readonly network?: object;
  readonly client?: KubeClient;
}

/** A VM that its migration has told to run a moment ago. */
async function made(
  about: Case,
): Promise<{ plan: VmPlan; prove: (told?: Told, signal?: AbortSignal) => Promise<BootProof | undefined> }> {
  const {
    name,
    story,
    probes = [],
    deadlineSeconds,
    runStrategy = 'RerunOnFailure',
    addresses = [],
    changes,
    configured,
  } = about;
  if (story !== undefined) stories.set(name, story);
  const owner = await makeOwner(ground, namespace, name);
  const network = about.network ?? { pod: {} };
  const nic = { name: 'nic-0', macAddress: MAC, ...('pod' in network ? { masquerade: {} } : { bridge: {} }) };
  const domain = { devices: { interfaces: [nic] }, memory: { guest: '64Mi' } };
  const template = { spec: { domain, networks: [{ name: 'nic-0', ...network }], volumes: [] } };
  const manifest = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name }, spec: { runStrategy, template } };
  await expectApi(ground.plane.api, 'POST', `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines`, manifest);
  const guestIp = { addresses: addresses.map((address) => ({ address, origin: 'static' })) };
  const vm = { ref: { id: name, name }, name, disks: [], nics: [{ label: 'Network adapter 1', mac: MAC, guestIp }] };
  const mapping = { targetName: name, placements: [], manifests: [manifest], runStrategy };
  const proof = { probes, ...(deadlineSeconds !== undefined && { deadlineSeconds }) };
  const plan = { vm, type: 'cold', itinerary: [], mapping, proof } as unknown as VmPlan;
  const progress = {
    since: new Date(HURRIED.now()).toISOString(),
    ...((changes ?? configured) && {
      conversion: {
        changes: changes ?? [],
        ...(configured && { configured: [{ mac: MAC, addresses: configured, gateways: [] }] }),
      },
    }),
  } as unknown as VmProgress;
  const { client = cluster.client } = about;
  const prover = new ClusterProver({ client, clock: HURRIED, jobs: workers.jobs, owner, namespace });
  await prover.check([plan]);
  return {
    plan,
    prove: (told = { doing: [], waits: [] }, signal = SIGNAL) =>
      prover.prove(plan, progress, {
        signal,
        onProgress: (text) => told.doing.push(text),
        onWait: (because) => told.waits.push(because),
      }),
  };
}

async function proofOf(about: Case, told?: Told): Promise<BootProof> {
  const proof = await (await made(about)).prove(told);
  assert.ok(proof);
  return proof;
}

const AGENT = condition('AgentConnected', 'True');
const guestOSInfo = { prettyName: 'Debian GNU/Linux 12 (bookworm)', kernelRelease: '6.1.0-40-amd64' };
const interfaces = (ipAddress: string, infoSource = 'domain, guest-agent'): readonly object[] => [
  { name: 'nic-0', mac: MAC.toUpperCase(), ipAddress, ipAddresses: [ipAddress], infoSource },
];

test('a guest whose agent answers has booted; its addresses and its picture are kept, and a static address that is gone is told', async () => {
  const proof = await proofOf({
    name: 'agent',
    network: { multus: { networkName: 'vlan-7' } },
    addresses: ['192.0.2.10', '192.0.2.11'],
    story: () => [...STARTS, { after: 50, instance: { conditions: [AGENT], guestOSInfo, interfaces: interfaces('192.0.2.10') } }],
  });
  assert.equal(proof.booted, true);
  assert.deepEqual(
    proof.evidence.map(({ kind, text }) => [kind, text]),
    [['guest-agent', 'The guest agent answers: Debian GNU/Linux 12 (bookworm), kernel 6.1.0-40-amd64']],
  );
  assert.deepEqual(proof.addresses, { [MAC]: ['192.0.2.10'] });
  assert.deepEqual(proof.differences, ['Network adapter 1 had the address 192.0.2.11 at the source, and here 192.0.2.10.']);
  assert.equal(proof.accelerator.name, 'kvm');
  assert.equal(proof.screenshot, 'agent-boot-proof');
  const map = await ground.get(`/api/v1/namespaces/${namespace}/configmaps/agent-boot-proof`);
  assert.equal((map as unknown as { binaryData: Record<string, string> }).binaryData['screen.png'], PICTURE.toString('base64'));
  assert.partialDeepStrictEqual(map?.metadata.ownerReferences, [{ kind: 'VmMigration', name: 'agent', controller: true }]);
});

test('a guest without an agent counts as booted when its machine goes on running, and the proof says that this is all', async () => {
  const proof = await proofOf({
    name: 'dark-silent',
    addresses: ['192.0.2.10'],
    story: () => [
      ...STARTS,
      { instance: { conditions: [condition('SoftwareEmulation', 'True')], interfaces: interfaces('10.0.2.2', 'domain') } },
    ],
  });
  assert.equal(proof.booted, true);
  assert.deepEqual(
    proof.evidence.map(({ kind, text }) => [kind, text]),
    [['running', 'KubeVirt runs it on node-1']],
  );
  assert.ok(proof.seconds >= 60, `${proof.seconds} s`);
  assert.equal(proof.accelerator.name, 'tcg');
  assert.equal(proof.screenshot, undefined);
  assert.equal(proof.differences.length, 3, proof.differences.join('\n'));
  assert.match(
    proof.differences[0] ?? '',
    /192\.0\.2\.10 at the source; on the pod network the cluster gives its own: 10\.0\.2\.2\.$/,
  );
  assert.match(proof.differences[1] ?? '', /^Nothing was seen of the guest itself/);
  assert.match(proof.differences[2] ?? '', /^There is no picture of its screen: .*VMI is not running/);
});

test('an agent that the conversion put into the guest has to answer', async () => {
  const changes = [{ subject: 'tools', what: 'Installed the package qemu-guest-agent.' }] as const;
  const proof = await proofOf({ name: 'mute', changes, deadlineSeconds: 120 });
  assert.equal(proof.booted, false);
  assert.equal(proof.trouble?.code, 'no-sign');
  assert.match(proof.trouble?.text ?? '', /in 120 s its guest agent, which is installed, did not answer/);
  assert.equal(proof.screenshot, 'mute-boot-proof', 'the picture shows how far it came');
});

test('a VM that no node takes is waited for until the deadline, with the reason told meanwhile', async () => {
  const message = '0/3 nodes are available: 3 Insufficient memory.';
  const unschedulable = condition('PodScheduled', 'False', 'Unschedulable', message);
  const told: Told = { doing: [], waits: [] };
  const about = {
    name: 'large',
    deadlineSeconds: 300,
    story: () => [{ instance: { phase: 'Scheduling', conditions: [unschedulable] } }],
  };
  const proof = await proofOf(about, told);
  assert.deepEqual(proof.trouble, { code: 'not-scheduled', text: `No node takes it: ${message}` });
  assert.ok(proof.seconds >= 300);
  assert.deepEqual(told.waits, [`No node takes it: ${message}`, undefined]);
  assert.match(proof.differences.at(-1) ?? '', /no picture of its screen: the machine does not run/);
});

test('what KubeVirt cannot run for minutes is given up before the deadline: the source is off meanwhile', async () => {
  const claim = condition('Synchronized', 'False', 'FailedPvcNotFound', 'PVC proof/lost not found');
  const lost = await proofOf({ name: 'claimless', story: () => [{ instance: { phase: 'Pending', conditions: [claim] } }] });
  assert.deepEqual(lost.trouble, {
    code: 'not-running',
    text: 'KubeVirt cannot run it: FailedPvcNotFound: PVC proof/lost not found',
  });
  assert.ok(lost.seconds >= 120 && lost.seconds < 600, `${lost.seconds} s`);

  const failure = condition('Failure', 'True', 'FailedCreate', 'admission webhook denied the request: no such preference');
  const refused = await proofOf({ name: 'refused', story: () => [{ refused: true, machine: { conditions: [failure] } }] });
  assert.equal(refused.trouble?.code, 'not-running');
  assert.match(refused.trouble.text, /FailedCreate: admission webhook denied/);

  const paused = condition('Paused', 'True', 'PausedIOError', 'VMI was paused, low-level IO error detected');
  const stuck = await proofOf({ name: 'paused', story: () => [...STARTS, { instance: { conditions: [paused] } }] });
  assert.equal(stuck.trouble?.code, 'not-running');
  assert.match(stuck.trouble.text, /It stands still: PausedIOError/);
});

test('a trouble that passes is none', async () => {
  const passing = condition('Synchronized', 'False', 'Synchronizing with the Domain failed.', 'server error');
  const proof = await proofOf({
    name: 'passing',
    story: () => [
      { instance: { phase: 'Scheduled', conditions: [passing] } },
      { after: 300, instance: { phase: 'Running', conditions: [AGENT], guestOSInfo: {} } },
    ],
  });
  assert.equal(proof.booted, true);
  assert.match(proof.evidence[0]?.text ?? '', /a system that it does not name$/);
});

test('an API server that is gone for a while is no reason to give a VM up, and is told', async () => {
  await using relay = await startLosingRelay(ground.plane.api);
  using gone = await open(relay.kubeconfig, HURRIED);
  let lost = 0;
  relay.fate = ({ url = '' }) => {
    if (!url.includes('/virtualmachineinstances') || lost >= 15) return 'passed';
    lost += 1;
    return 'lost';
  };
  const told: Told = { doing: [], waits: [] };
  const story = (): readonly Beat[] => [...STARTS, { instance: { conditions: [AGENT], guestOSInfo } }];
  const proof = await proofOf({ name: 'offline', story, client: gone.client }, told);
  assert.equal(proof.booted, true);
  assert.equal(lost, 15);
  assert.match(told.waits[0] ?? '', /127\.0\.0\.1:\d+/);
  assert.equal(told.waits.at(-1), undefined);
});

test('one that ends again and again is given up, and so is one that switches itself off and stays so', async () => {
  const crash = (): readonly Beat[] => [...STARTS, { after: 100, instance: { phase: 'Failed' } }, { after: 200 }];
  const crashing = await proofOf({ name: 'crashing', runStrategy: 'Always', story: crash });
  assert.equal(crashing.trouble?.code, 'reset-loop');
  const starts = {
    machine: { startFailure: { consecutiveFailCount: 3 }, printableStatus: 'CrashLoopBackOff' },
    refused: true,
  } as const;
  const launcher = await proofOf({ name: 'launcher', story: () => [starts] });
  assert.deepEqual(launcher.trouble, { code: 'reset-loop', text: 'It ended 3 times after it was started.' });
  const off = await proofOf({ name: 'off', story: () => [...STARTS, { instance: { phase: 'Succeeded' } }] });
  assert.deepEqual(off.trouble, { code: 'powered-off', text: 'The guest switched itself off.' });
});

test('a VM that somebody deletes or stops meanwhile has not booted', async () => {
  const machines = `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines`;
  const story = (): readonly Beat[] => [{ instance: { phase: 'Scheduling' } }];
  const gone = await made({ name: 'gone', story });
  const proof = gone.prove();
  await expectApi(ground.plane.api, 'DELETE', `${machines}/gone`);
  assert.deepEqual((await proof)?.trouble, { code: 'not-running', text: 'Somebody deleted the VirtualMachine.' });
  const stopped = await made({ name: 'stopped', story });
  const second = stopped.prove();
  await expectApi(ground.plane.api, 'PATCH', `${machines}/stopped`, { spec: { runStrategy: 'Halted' } });
  assert.equal((await second)?.trouble?.code, 'powered-off');
});

test('what a guest serves is asked by a worker in its namespace, which is found again by whoever goes on, and removed', async () => {
  let status = 503;
  let asked = 0;
  await using server = Object.assign(
    createServer((_request, response) => {
      asked += 1;
      response.writeHead(status).end('ready');
    }),
    { [Symbol.asyncDispose]: () => Promise.resolve(server.close()).then(() => undefined) },
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const probes = [
    { kind: 'tcp', port, mac: MAC },
    { kind: 'http', port, path: '/health', body: 'rea.y' },
  ] as const;
  const story = (): readonly Beat[] => [...STARTS, { instance: { interfaces: interfaces('127.0.0.1', 'domain') } }];
  const { prove } = await made({ name: 'served', probes, story, deadlineSeconds: 36_000 });
  const leave = new AbortController();
  const first = prove(undefined, leave.signal);
  await ground.until(async () => asked > 1);
  leave.abort(new Error('the operator ends'));
  await assert.rejects(first, (error) => leave.signal.aborted && error instanceof Error);
  const jobs = (await ground.jobs(namespace)).filter(({ metadata }) => metadata.name.startsWith('served-'));
  assert.equal(jobs.length, 1, 'the worker goes on');
  status = 200;
  const proof = await prove();
  assert.equal(proof?.booted, true, proof?.trouble?.text);
  assert.deepEqual(proof.evidence.map(({ kind, text }) => `${kind}: ${text}`).toSorted(), [
    `probe: port ${port} accepts connections`,
    `probe: port ${port} answers /health with 200`,
  ]);
  assert.ok(proof.differences.includes('No guest agent is connected.'));
  const left = (await ground.jobs(namespace)).filter(({ metadata }) => metadata.name.startsWith('served-'));
  assert.deepEqual(left, []);
});

test('a guest that names no address is asked where its own configuration has one, and what nobody saw is told', async () => {
  await using server = Object.assign(
    createServer((_request, response) => response.end('ready')),
    { [Symbol.asyncDispose]: async () => void server.close() },
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const silent = [{ name: 'nic-0', mac: MAC, infoSource: 'domain, multus-status' }];
  const { prove } = await made({
    ...{ name: 'static', network: { multus: { networkName: 'vlan-7' } }, configured: ['127.0.0.1/24'] },
    ...{ probes: [{ kind: 'http', port, body: 'ready' }], deadlineSeconds: 36_000 },
    story: () => [...STARTS, { instance: { interfaces: silent } }],
  });
  const proof = await prove();
  assert.equal(proof?.booted, true, JSON.stringify(proof));
  assert.deepEqual(
    proof.evidence.map(({ kind, text }) => `${kind}: ${text}`),
    [`probe: port ${port} answers / with 200`],
  );
  assert.equal(
    proof.differences[0],
    "Network adapter 1 had the address 127.0.0.1 by the guest's own configuration; nobody tells which it has here, because no guest agent is connected.",
  );
});

test('a probe without an answer tells what was heard instead, one without an address that there is none', async () => {
  await using server = Object.assign(
    createServer((_request, response) => response.writeHead(404).end()),
    {
      [Symbol.asyncDispose]: () => Promise.resolve(server.close()).then(() => undefined),
    },
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const story = (): readonly Beat[] => [
    ...STARTS,
    { instance: { conditions: [AGENT], guestOSInfo, interfaces: interfaces('127.0.0.1') } },
  ];
  const probes = [
    { kind: 'http', port },
    { kind: 'tcp', port, mac: '52:54:00:00:00:99' },
  ] as const;
  const { prove } = await made({ name: 'wrong', probes, story, deadlineSeconds: 36_000 });
  const told: Told = { doing: [], waits: [] };
  const proving = prove(told);
  await ground.until(async () => told.doing.some((text) => text.includes('404')));
  ahead += 36_000_000;
  const proof = await proving;
  assert.ok(proof);
  assert.equal(proof.booted, false);
  assert.equal(proof.trouble?.code, 'probe-failed');
  assert.match(proof.trouble.text, new RegExp(`http ${port}: port ${port} answers / with 404 instead of 200`));
  assert.match(proof.trouble.text, new RegExp(`tcp ${port}: nobody knows an address of the guest there`));
});

test('a VM that is to stay off is not looked at, and a script is refused before anything begins', async () => {
  const { prove } = await made({ name: 'halted', runStrategy: 'Halted' });
  assert.equal(await prove(), undefined);
  const script = { kind: 'script', path: '/usr/local/bin/check', ports: [22] } as const;
  await assert.rejects(made({ name: 'script', probes: [script] }), {
    code: 'config-invalid',
    message: /script cannot probe script/,
  });
});

test('without the right to see screens, or where nobody serves them, the proof stands and says so', async () => {
  const name = `v1.subresources.kubevirt.io`;
  const path = `/apis/apiregistration.k8s.io/v1/apiservices/${name}`;
  const found = (await callApi(ground.plane.api, 'GET', path)).body as { readonly metadata: object; readonly spec: object };
  await expectApi(ground.plane.api, 'DELETE', path);
  const story = (): readonly Beat[] => [...STARTS, { instance: { conditions: [AGENT], guestOSInfo } }];
  const proof = await proofOf({ name: 'unseen', story });
  assert.equal(proof.booted, true);
  assert.match(proof.differences.at(-1) ?? '', /^There is no picture of its screen: /);
  await expectApi(ground.plane.api, 'POST', '/apis/apiregistration.k8s.io/v1/apiservices', {
    metadata: { name },
    spec: found.spec,
  });
  assert.ok(screens.asked.length > 3);
});
