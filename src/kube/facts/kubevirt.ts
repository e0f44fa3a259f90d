/** Version, gates and defaults of KubeVirt, from the KubeVirt object. */
import type { ClusterFacts, KubevirtDefaults } from '../../model/cluster-facts.ts';
import { defined } from '../../model/defined.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { KUBEVIRTS } from '../kinds.ts';
import { at, entriesAt, listAt, numberAt, oneOf, textAt, textsAt } from './json.ts';
import type { FactsSource } from './source.ts';

type KubevirtFacts = Pick<
  ClusterFacts,
  'kubevirtVersion' | 'featureGates' | 'disabledFeatureGates' | 'defaults' | 'bindingPlugins' | 'permittedDevices'
>;

export async function readKubevirt(source: FactsSource): Promise<KubevirtFacts> {
  const found = await source.collect(KUBEVIRTS, (object) => object);
  if (found === undefined) return {};
  const [kubevirt, ...others] = found;
  if (kubevirt === undefined || others.length > 0) {
    source.odd('kubevirts.kubevirt.io', `The cluster has ${found.length} KubeVirt objects where one is expected.`);
    return {};
  }
  return kubevirtFacts(kubevirt);
}

/** What the object leaves out is not there: its lists are empty, not unknown. */
function kubevirtFacts(kubevirt: KubeObject): KubevirtFacts {
  const configuration = at(kubevirt, 'spec', 'configuration');
  return {
    ...defined({ kubevirtVersion: textAt(kubevirt, 'status', 'observedKubeVirtVersion') }),
    featureGates: textsAt(configuration, 'developerConfiguration', 'featureGates'),
    disabledFeatureGates: textsAt(configuration, 'developerConfiguration', 'disabledFeatureGates'),
    defaults: defaultsOf(configuration),
    bindingPlugins: entriesAt(configuration, 'network', 'binding').map(([name]) => name),
    permittedDevices: devicesOf(configuration),
  };
}

function defaultsOf(configuration: unknown): KubevirtDefaults {
  const ratio = numberAt(configuration, 'liveUpdateConfiguration', 'maxHotplugRatio');
  return defined({
    cpuModel: textAt(configuration, 'cpuModel'),
    machineType:
      textAt(configuration, 'architectureConfiguration', 'amd64', 'machineType') ?? textAt(configuration, 'machineType'),
    evictionStrategy: oneOf(
      ['None', 'LiveMigrate', 'LiveMigrateIfPossible', 'External'],
      textAt(configuration, 'evictionStrategy'),
    ),
    rolloutStrategy: oneOf(['LiveUpdate', 'Stage'], textAt(configuration, 'vmRolloutStrategy')),
    maxHotplugRatio: ratio !== undefined && ratio >= 1 ? ratio : undefined,
    vmStateStorageClass: textAt(configuration, 'vmStateStorageClass'),
  });
}

function devicesOf(configuration: unknown): readonly string[] {
  const names = ['pciHostDevices', 'mediatedDevices', 'usb'].flatMap((kind) =>
    listAt(configuration, 'permittedHostDevices', kind).map((device) => textAt(device, 'resourceName')),
  );
  return [...new Set(names.filter((name) => name !== undefined))].toSorted();
}
