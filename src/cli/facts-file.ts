/** The file form of ClusterFacts. A test holds it to the model's type: neither can gain a field without the other. */
import { z } from 'zod';
import { type MacAddress, parseMac } from '../model/units.ts';
import { AccessMode, VolumeMode } from '../resources/claim-modes.ts';

const text = z.string().min(1);
const count = z.number().min(0);
const names = z.array(text);
const quantities = z.record(text, count);

/** Which meaning of the facts this program reads. Facts of another version are refused: their fields may mean something else. */
export const FACTS_VERSION = 'kubeferry.dev/v1alpha1';

const StorageClass = z.strictObject({
  name: text,
  provisioner: z.string(),
  isDefault: z.boolean().exactOptional(),
  isDefaultVirt: z.boolean().exactOptional(),
  bindingMode: z.enum(['Immediate', 'WaitForFirstConsumer']).exactOptional(),
  expansion: z.boolean().exactOptional(),
  claimProperties: z.array(z.strictObject({ accessMode: AccessMode, volumeMode: VolumeMode })).exactOptional(),
  cloneStrategy: z.enum(['copy', 'snapshot', 'csi-clone']).exactOptional(),
  snapshotClass: text.exactOptional(),
  snapshotsKnown: z.boolean().exactOptional(),
  filesystemOverhead: z.number().min(0).max(1).exactOptional(),
  minimumSize: count.exactOptional(),
});

const NetworkAttachment = z.strictObject({
  namespace: text,
  name: text,
  type: text.exactOptional(),
  topology: z.enum(['localnet', 'layer2', 'layer3']).exactOptional(),
  bridge: text.exactOptional(),
  physicalNetwork: text.exactOptional(),
  vlan: z.number().int().min(0).max(4094).exactOptional(),
  trunk: z.boolean().exactOptional(),
  mtu: count.exactOptional(),
  resourceName: text.exactOptional(),
  ipam: z.boolean().exactOptional(),
});

const UserDefinedNetwork = z.strictObject({
  namespace: text.exactOptional(),
  name: text,
  topology: z.enum(['layer2', 'layer3', 'localnet']),
  role: z.enum(['primary', 'secondary']),
  subnets: names.exactOptional(),
  persistentIps: z.boolean().exactOptional(),
});

const Defaults = z.strictObject({
  cpuModel: text.exactOptional(),
  machineType: text.exactOptional(),
  evictionStrategy: z.enum(['None', 'LiveMigrate', 'LiveMigrateIfPossible', 'External']).exactOptional(),
  rolloutStrategy: z.enum(['LiveUpdate', 'Stage']).exactOptional(),
  maxHotplugRatio: z.number().min(1).exactOptional(),
  vmStateStorageClass: text.exactOptional(),
});

const MAC = z.string().transform((value, { issues }): MacAddress => {
  const mac = parseMac(value);
  if (mac !== undefined) return mac;
  issues.push({ code: 'custom', message: 'no MAC address', input: value });
  return z.NEVER;
});

const capacity = z.strictObject({ cpus: count, memory: count });

/** Everything but `apiVersion` and `kind` is ClusterFacts as it is. */
export const FactsFile = z.strictObject({
  apiVersion: z.literal(FACTS_VERSION),
  kind: z.literal('ClusterFacts'),
  readAt: text.exactOptional(),
  kubernetesVersion: text.exactOptional(),
  kubevirtVersion: text.exactOptional(),
  cdi: z.strictObject({ installed: z.boolean(), version: text.exactOptional() }).exactOptional(),
  featureGates: names.exactOptional(),
  disabledFeatureGates: names.exactOptional(),
  defaults: Defaults.exactOptional(),
  storageClasses: z.array(StorageClass).exactOptional(),
  networkAttachments: z.array(NetworkAttachment).exactOptional(),
  userDefinedNetworks: z.array(UserDefinedNetwork).exactOptional(),
  bindingPlugins: names.exactOptional(),
  permittedDevices: names.exactOptional(),
  namespaces: z.array(z.strictObject({ name: text, labels: z.record(text, z.string()).exactOptional() })).exactOptional(),
  preferences: names.exactOptional(),
  instancetypes: z.array(z.strictObject({ name: text, cpus: count, memory: count })).exactOptional(),
  virtualMachines: z
    .array(z.strictObject({ namespace: text, name: text, macs: z.array(MAC).exactOptional(), sourceId: text.exactOptional() }))
    .exactOptional(),
  claims: z.array(z.strictObject({ namespace: text, name: text })).exactOptional(),
  quotas: z
    .array(z.strictObject({ namespace: text, name: text, hard: quantities, used: quantities.exactOptional() }))
    .exactOptional(),
  limitRanges: z
    .array(
      z.strictObject({
        namespace: text,
        name: text,
        type: z.enum(['Pod', 'Container', 'PersistentVolumeClaim']),
        min: quantities.exactOptional(),
        max: quantities.exactOptional(),
      }),
    )
    .exactOptional(),
  nodes: z
    .strictObject({
      count,
      largest: capacity,
      free: capacity.exactOptional(),
      vendors: names.exactOptional(),
      cpuFeatures: names.exactOptional(),
      hugepages: names.exactOptional(),
    })
    .exactOptional(),
});
