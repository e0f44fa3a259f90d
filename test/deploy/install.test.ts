/** The ways to install: kustomize and Helm make the same objects, and a real API server takes every one of them. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { quantityOf } from '../../src/model/quantity.ts';
import { MiB } from '../../src/model/units.ts';
import { type ControlPlane, startControlPlane } from '../peers/control-plane.ts';
import { callApi } from '../peers/kubernetes-api.ts';
import type { RenderedObject } from '../peers/kustomize.ts';
import { applyObject, fromHelm, fromKustomize, isRole, VARIANTS } from './objects.ts';

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({ own: true });
});
after(async () => {
  await plane?.[Symbol.asyncDispose]();
});

/** What the two tools put in of their own: Helm's labels and annotations, and the ways in which they restart the operator when its settings change. */
const OWN = /^(helm\.sh\/|app\.kubernetes\.io\/managed-by$|checksum\/)/;

/** The object without order of members and without what is the tool's own. */
function essence(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return value.replace(/^(kubeferry-settings)-[a-z0-9]{10}$/, '$1');
  if (Array.isArray(value)) return value.map((item) => essence(item));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value)
    .filter(([key]) => !((name === 'labels' || name === 'annotations') && OWN.test(key)))
    .map(([key, member]) => [key, essence(member, key)] as const)
    .filter(([key, member]) => !(key === 'annotations' && JSON.stringify(member) === '{}'));
  return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function byName(objects: readonly RenderedObject[]): Readonly<Record<string, unknown>> {
  const keyed = objects.map((object) => {
    const { kind, metadata } = essence(object) as RenderedObject;
    return [`${kind} ${metadata.namespace ?? ''}/${metadata.name}`, essence(object)] as const;
  });
  assert.equal(new Set(keyed.map(([key]) => key)).size, keyed.length, 'no object is rendered twice');
  return Object.fromEntries(keyed.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

for (const [variant, values] of Object.entries(VARIANTS)) {
  test(`Helm and kustomize make the same objects: ${variant}`, async () => {
    const [kustomize, helm] = await Promise.all([fromKustomize(variant), fromHelm({ ...values, namespace: { create: true } })]);
    assert.deepEqual(byName(helm), byName(kustomize));
  });

  test(`a real API server takes every object: ${variant}`, async () => {
    const objects = [...(await fromKustomize(variant)), ...(await fromHelm(values))];
    for (const object of objects.filter(({ kind }) => kind === 'Namespace' || kind === 'CustomResourceDefinition')) {
      const { status, body } = await applyObject(plane.api, object);
      assert.ok(status === 200 || status === 201, JSON.stringify(body));
    }
    for (const object of objects) {
      const { status, body } = await applyObject(plane.api, object, { dryRun: true });
      assert.ok(status === 200 || status === 201, `${object.kind} ${object.metadata.name}: ${JSON.stringify(body)}`);
    }
  });
}

test('what is for the namespaces of VMs is taken too, and is what a namespaced operator brings along', async () => {
  const workers = await fromKustomize('workers');
  for (const object of workers) {
    const { status, body } = await applyObject(plane.api, object, { dryRun: true, namespace: 'default' });
    assert.equal(status, 201, JSON.stringify(body));
  }
  const namespaced = byName(await fromKustomize('namespaced'));
  for (const { kind, metadata } of workers) assert.ok(namespaced[`${kind} kubeferry/${metadata.name}`], kind);
  const kinds = (await fromKustomize('openshift/workers')).map(({ kind }) => kind);
  assert.deepEqual(kinds.toSorted(), ['NetworkPolicy', 'RoleBinding', 'ServiceAccount']);
});

test('the Pods of the Deployment keep to the restricted level that their namespace enforces', async () => {
  const objects = await fromKustomize('namespaced');
  for (const object of objects) {
    if (object.kind === 'CustomResourceDefinition') continue;
    const { status, body } = await applyObject(plane.api, object);
    assert.ok(status === 200 || status === 201, JSON.stringify(body));
  }
  let pods: readonly unknown[] = [];
  while (pods.length < 2) {
    await sleep(100);
    const { body } = await callApi(plane.api, 'GET', '/api/v1/namespaces/kubeferry/pods');
    pods = (body as { readonly items: readonly unknown[] }).items;
  }
});

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly env: readonly { readonly name: string; readonly value?: string }[];
          readonly resources: { readonly limits: { readonly memory: string } };
        }[];
      };
    };
  };
}

test('the memory of the operator has room for its heap, and for what is not in it', async () => {
  const [deployment] = (await fromHelm({})).filter(({ kind }) => kind === 'Deployment');
  const { containers } = (deployment as unknown as Deployment).spec.template.spec;
  for (const { env, resources } of containers) {
    const flags = env.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '';
    const heap = Number(/^--max-old-space-size=(\d+)$/.exec(flags)?.[1]);
    assert.ok(heap * MiB + 300 * MiB <= (quantityOf(resources.limits.memory) ?? 0), `${flags} in ${resources.limits.memory}`);
  }
});

/** Not for people. */
function isOfOperator({ metadata }: RenderedObject): boolean {
  return metadata.name !== 'kubeferry-view' && metadata.name !== 'kubeferry-edit';
}

test('in one namespace nothing but the facts is granted for the whole cluster, and those only to be listed', async () => {
  const objects = await fromKustomize('namespaced');
  const rules = objects
    .filter(isRole('ClusterRole'))
    .filter(isOfOperator)
    .flatMap((role) => role.rules);
  assert.deepEqual([...new Set(rules.flatMap(({ verbs }) => verbs))], ['list']);
  const [wide] = (await fromKustomize('cluster-wide')).filter(isRole('ClusterRole')).filter(isOfOperator);
  const own = objects.filter(isRole('Role')).flatMap((role) => role.rules);
  const rest = own.filter(({ apiGroups }) => !apiGroups.includes('coordination.k8s.io'));
  assert.deepEqual([...rest, ...rules], wide?.rules, 'both installations may do the same, one of them in one place');
});

test('with its monitoring the chart makes what deploy/monitoring holds, in its own namespace', async () => {
  const kustomize = await fromKustomize('../monitoring');
  const kinds = new Set(kustomize.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  const labels = { release: 'prometheus' };
  const helm = (await fromHelm({ monitoring: { create: true, labels } })).filter(({ kind, metadata }) =>
    kinds.has(`${kind} ${metadata.name}`),
  );
  for (const { kind, metadata } of helm)
    if (kind !== 'ConfigMap') assert.partialDeepStrictEqual(metadata, { labels, namespace: 'kubeferry' });
  const here = (objects: readonly RenderedObject[]) =>
    objects.map(({ metadata: { name }, ...rest }) => ({ ...rest, metadata: { name } }));
  assert.deepEqual(byName(here(helm)), byName(here(kustomize)));
});

test('chart, overlays and Dockerfile are those of this version', async () => {
  const read = async (file: string) => await readFile(path.join(import.meta.dirname, '../..', file), 'utf8');
  const { version } = JSON.parse(await read('package.json'));
  const chart = parse(await read('deploy/helm/kubeferry/Chart.yaml'));
  assert.deepEqual([chart.version, chart.appVersion], [version, version]);
  assert.ok((await read('deploy/image/Dockerfile')).includes(`ARG VERSION=${version}\n`));
  for (const overlay of Object.keys(VARIANTS)) {
    const image = `ghcr.io/kubeferry/kubeferry:${version}`;
    assert.equal(JSON.stringify(await fromKustomize(overlay)).split(image).length, 3, 'for the operator and for its workers');
  }
});

test('the image stands in one place, and workers are started from it', async () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const images = async (values: Readonly<Record<string, unknown>>): Promise<readonly string[]> => {
    const deployment = (await fromHelm(values)).find(({ kind }) => kind === 'Deployment');
    return [...JSON.stringify(deployment).matchAll(/"(?:image|value)":"(example[^"]*)"/g)].map(([, image = '']) => image);
  };
  const tagged = 'example.com/kubeferry:2';
  assert.deepEqual(await images({ image: { repository: 'example.com/kubeferry', tag: '2' } }), [tagged, tagged]);
  const pinned = `example.com/kubeferry@${digest}`;
  assert.deepEqual(await images({ image: { repository: 'example.com/kubeferry', tag: '2', digest } }), [pinned, pinned]);
});

for (const [about, values, message] of [
  ['a misspelt value', { replica: 3 }, /replica/],
  ['an unknown scope', { scope: 'everywhere' }, /scope/],
  ['settings that the chart itself sets', { settings: { KUBEFERRY_IMAGE: 'x' } }, /KUBEFERRY_IMAGE/],
  ['a digest that is none', { image: { digest: 'sha256:1' } }, /digest/],
] as const) {
  test(`the chart refuses ${about}`, async () => {
    await assert.rejects(fromHelm(values), message);
  });
}
