/** VMs on made attachments, SR-IOV and primary networks are created and started by KubeVirt; the attachments fit the definition of Multus. */
import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import type { MappingContext } from '../../mappings/context.ts';
import { mapVm } from '../../mappings/index.ts';
import { assignNames } from '../../mappings/names.ts';
import { planNetworks } from '../../mappings/network-attachments.ts';
import { type SharedNetworks, sharedNetworks } from '../../mappings/shared-networks.ts';
import type { SharedManifest } from '../../src/model/manifest.ts';
import type { MappingOptions, NetworkMap } from '../../src/model/mapping.ts';
import type { NetworkRef } from '../../src/model/network.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { multusDefinitions } from './definitions.ts';
import { type AnyManifest, admitAll, ON_FROM_1_9, objections } from './kubevirt.ts';
import { population, USUAL_MEMORY } from './population.ts';

const GOLDEN = join(import.meta.dirname, '..', 'golden');

/** What the networks of the population are, beyond their names. */
const NETWORKS: Readonly<Record<string, Partial<NetworkRef>>> = {
  servers: { vlan: 10, mtu: 9000 },
  storage: { trunk: { ranges: [{ first: 20, last: 29 }], native: 1 } },
  backup: { vlan: 0 },
  lab: { privateVlan: { primary: 100 } },
  lost: {},
};
const MAP: NetworkMap = {
  entries: [
    { source: { name: 'lost' }, target: { type: 'udn' } },
    { source: { name: 'lab' }, target: { type: 'sriov', namespace: 'networks', pool: ['fast-a', 'fast-b'] } },
  ],
};

function wired(vm: SourceVm): SourceVm {
  const nics = vm.nics.map((nic) =>
    nic.network === undefined ? nic : { ...nic, network: { ...nic.network, ...NETWORKS[nic.network.name] } },
  );
  return { ...vm, nics };
}

interface Mapped {
  readonly machines: readonly AnyManifest[];
  readonly networks: SharedNetworks;
}

function mapAll(vms: readonly SourceVm[], networkMap: NetworkMap, options: MappingOptions): Mapped {
  const names = assignNames(vms);
  const facts: MappingContext['facts'] = {};
  const tables = { networkMap, storageMap: { entries: [] }, facts, options, networkPlan: planNetworks(vms, { facts, options }) };
  const machines = vms.flatMap((vm) => mapVm(vm, { ...tables, name: names.get(vm.ref.id)?.name ?? '' }).manifests);
  return { machines: machines.filter(({ kind }) => kind === 'VirtualMachine'), networks: sharedNetworks(vms, tables) };
}

/** Everything that the schema of the definition objects to. */
async function multusObjections(manifests: readonly SharedManifest[]): Promise<readonly string[]> {
  const [definition] = await multusDefinitions();
  const [version]: readonly { readonly name: string; readonly schema?: { readonly openAPIV3Schema?: object } }[] =
    definition?.spec.versions ?? [];
  assert.ok(version?.schema?.openAPIV3Schema !== undefined);
  const apiVersion = `${definition?.spec.group}/${version.name}`;
  const ajv = new Ajv({ strict: false, allErrors: true });
  const validate = ajv.compile(version.schema.openAPIV3Schema);
  const accepts = (value: unknown): boolean => validate(value);
  return manifests.flatMap((manifest) => {
    const faults = accepts(manifest) ? [] : [`${manifest.metadata.name}: ${ajv.errorsText(validate.errors)}`];
    return manifest.apiVersion === apiVersion && manifest.kind === definition?.spec.names.kind ? faults : [...faults, apiVersion];
  });
}

describe('VMs on made networks', () => {
  const vms = population({ count: 60, seed: 11, guestIds: ['debian12_64Guest'], memorySizes: USUAL_MEMORY }).map(wired);
  const bridged = mapAll(vms, MAP, { devices: 'virtio', namespace: 'shop', generateNetworks: { kind: 'bridge', bridge: 'br1' } });
  const localnet = mapAll(
    vms.slice(0, 20),
    { entries: [] },
    {
      devices: 'compatibility',
      namespace: 'shop',
      generateNetworks: { kind: 'ovn-localnet', physicalNetwork: 'physnet', namespace: 'networks' },
    },
  );

  it('are created and started by KubeVirt', async () => {
    const text = JSON.stringify(bridged.machines);
    for (const binding of ['"bridge":{}', '"sriov":{}', '"binding":{"name":"l2bridge"}', '"state":"down"'])
      assert.ok(text.includes(binding), `no VM with ${binding}`);
    const verdicts = await admitAll([...bridged.machines, ...localnet.machines], { gates: ON_FROM_1_9 });
    assert.equal(verdicts.length, 80);
    assert.deepEqual(verdicts.flatMap(objections).slice(0, 10), []);
  });

  it('share attachments that fit the definition of Multus, one a network', async () => {
    const manifests = [bridged, localnet].flatMap(({ networks }) => networks.objects.map(({ manifest }) => manifest));
    assert.deepEqual(
      manifests.map(({ metadata }) => metadata.name),
      ['backup', 'servers-vlan-10', 'storage-trunk', 'backup', 'lost', 'servers-vlan-10'],
    );
    assert.deepEqual(await multusObjections(manifests), []);
  });

  it('share golden attachments that fit it as well', async () => {
    const files = await Array.fromAsync(glob('*/expected-networks.json', { cwd: GOLDEN }));
    const golden = await Promise.all(
      files.map(async (file): Promise<SharedNetworks> => JSON.parse(await readFile(join(GOLDEN, file), 'utf8'))),
    );
    assert.notEqual(golden.length, 0);
    assert.deepEqual(await multusObjections(golden.flatMap(({ objects }) => objects.map(({ manifest }) => manifest))), []);
  });
});

it('a wrong attachment is objected to', async () => {
  const wrong = {
    spec: { config: 5 },
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: { name: 'x' },
  };
  assert.equal((await multusObjections([wrong as unknown as SharedManifest])).length, 1);
});
