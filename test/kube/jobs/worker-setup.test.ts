/** What the settings of workers become in their Pods. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkerOrder } from '../../../src/contracts/worker-order.ts';
import { workerJob } from '../../../src/kube/jobs/worker-pod.ts';
import { conversionImage, workerSetup } from '../../../src/kube/jobs/worker-setup.ts';

const OWNER = { kind: 'VmMigration', namespace: 'vms', name: 'web', uid: '1-2-3' };
const TRANSFER = { kind: 'transfer', job: { id: 'web/0' } } as unknown as WorkerOrder;
const IMAGES = { kind: 'images', record: { name: 'images', owner: OWNER }, path: '/source' } as const;

interface PodSpec {
  readonly [field: string]: unknown;
  readonly containers: readonly Readonly<Record<string, unknown>>[];
  readonly initContainers?: readonly Readonly<Record<string, unknown>>[];
}

function podOf(settings: object, more: Partial<Parameters<typeof workerJob>[0]> = {}) {
  const pod = { name: 'web-1', namespace: 'vms', owner: OWNER, order: TRANSFER, ...more };
  const { spec } = workerJob(pod, workerSetup('image', JSON.stringify(settings)));
  const { template, ...job } = spec as { readonly template: { readonly metadata: { labels: object }; readonly spec: PodSpec } };
  return { job: job as Readonly<Record<string, unknown>>, labels: template.metadata.labels, spec: template.spec };
}

test('settings are those of the Pod, and of the container that brings VDDK', () => {
  const settings = {
    requests: { cpu: '2', memory: '1Gi' },
    limits: { cpu: '4', memory: '2Gi' },
    nodeSelector: { 'node-role/storage': '' },
    tolerations: [{ key: 'storage', operator: 'Exists' }],
    priorityClassName: 'migration',
    imagePullSecrets: [{ name: 'registry' }],
    ttlSeconds: 600,
    nodeLossSeconds: 30,
  };
  const { job, spec } = podOf(settings, { vddk: 'vddk:8' });
  const resources = { requests: settings.requests, limits: settings.limits };
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])])
    assert.deepEqual(container['resources'], resources);
  assert.equal(spec.initContainers?.[0]?.['image'], 'vddk:8');
  const { nodeSelector, priorityClassName, imagePullSecrets } = settings;
  const { nodeSelector: node, priorityClassName: priority, imagePullSecrets: pull } = spec;
  assert.deepEqual({ node, priority, pull }, { node: nodeSelector, priority: priorityClassName, pull: imagePullSecrets });
  assert.equal(job['ttlSecondsAfterFinished'], 600);
  const tolerations = spec['tolerations'] as readonly { readonly key: string; readonly tolerationSeconds?: number }[];
  assert.deepEqual(
    tolerations.map(({ key, tolerationSeconds }) => [key, tolerationSeconds]),
    [
      ['storage', undefined],
      ['node.kubernetes.io/not-ready', 30],
      ['node.kubernetes.io/unreachable', 30],
    ],
  );
});

test('only who lists image files has a token', () => {
  assert.equal(podOf({}).spec['automountServiceAccountToken'], false);
  assert.equal(podOf({}, { order: IMAGES }).spec['automountServiceAccountToken'], true);
});

test('who converts guests has an image and memory of its own, and KVM where that is asked for', () => {
  const order = { kind: 'convert' } as unknown as WorkerOrder;
  const converted = { disks: [{ claim: 'web-0', block: false }], scratch: 'web-guest' };
  const settings = { limits: { memory: '1Gi' }, conversion: { image: 'converter', limits: { memory: '4Gi' } } };
  const [plain] = podOf({}, { order, converted }).spec.containers;
  assert.deepEqual(
    [plain?.['image'], plain?.['resources']],
    [
      'image:latest-conversion',
      { requests: { cpu: '1', memory: '2560Mi', 'ephemeral-storage': '2Gi' }, limits: { memory: '3Gi' } },
    ],
  );
  const [own] = podOf(settings, { order, converted, kvm: true }).spec.containers;
  assert.equal(own?.['image'], 'converter');
  assert.deepEqual(own?.['resources'], {
    requests: { cpu: '1', memory: '2560Mi', 'ephemeral-storage': '2Gi' },
    limits: { memory: '4Gi', 'devices.kubevirt.io/kvm': '1' },
  });
  assert.equal(conversionImage(workerSetup('registry:5000/kubeferry:1.2')), 'registry:5000/kubeferry:1.2-conversion');
  assert.equal(conversionImage(workerSetup('registry:5000/kubeferry')), 'registry:5000/kubeferry:latest-conversion');
  assert.equal(conversionImage(workerSetup('kubeferry@sha256:00')), undefined);
  const [copier] = podOf(settings).spec.containers;
  assert.equal(copier?.['image'], 'image');
});

test('readers of a claim that one node can mount run together, those of others anywhere', () => {
  const together = podOf({}, { source: { claim: 'images', oneNode: true } });
  const { podAffinity } = together.spec['affinity'] as {
    readonly podAffinity: {
      readonly requiredDuringSchedulingIgnoredDuringExecution: readonly {
        readonly labelSelector: { readonly matchLabels: object };
      }[];
    };
  };
  const [term] = podAffinity.requiredDuringSchedulingIgnoredDuringExecution;
  const wanted = Object.entries(term?.labelSelector.matchLabels ?? {});
  assert.ok(wanted.length > 0);
  // The first of them is its own neighbour; otherwise it would wait for ever.
  for (const pair of wanted)
    assert.deepEqual(
      Object.entries(together.labels).find(([key]) => key === pair[0]),
      pair,
    );
  assert.equal(podOf({}, { source: { claim: 'images', oneNode: false } }).spec['affinity'], undefined);
});

test('settings that cannot be are refused with their place', () => {
  assert.throws(() => workerSetup('image', '{"limits":{"memory":"lots"}}'), /limits\.memory/);
  assert.throws(() => workerSetup('image', '{"nodes":3}'), /nodes/);
  assert.throws(() => workerSetup('image', 'cpu: 2'), /no JSON/);
});
