/** Storage classes with what CDI and the snapshot controller know about them. */
import type { ClusterFacts, StorageClassFacts } from '../../model/cluster-facts.ts';
import { defined } from '../../model/defined.ts';
import type { AccessMode, VolumeMode } from '../../model/manifest.ts';
import { quantityOf } from '../../model/quantity.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { CDI_CONFIGS, CDIS, SNAPSHOT_CLASSES, STORAGE_CLASSES, STORAGE_PROFILES } from '../kinds.ts';
import { at, entriesAt, listAt, oneOf, textAt, textsAt } from './json.ts';
import type { FactsSource } from './source.ts';

const ACCESS_MODES: readonly AccessMode[] = ['ReadWriteOnce', 'ReadWriteMany', 'ReadOnlyMany', 'ReadWriteOncePod'];
const VOLUME_MODES: readonly VolumeMode[] = ['Block', 'Filesystem'];
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
const DEFAULT_VIRT_CLASS = 'storageclass.kubevirt.io/is-default-virt-class';
const DEFAULT_SNAPSHOT_CLASS = 'snapshot.storage.kubernetes.io/is-default-class';
const MINIMUM_SIZE = 'cdi.kubevirt.io/minimumSupportedPvcSize';

/** Part of a class that its StorageProfile tells. */
type Profile = Pick<StorageClassFacts, 'claimProperties' | 'cloneStrategy' | 'minimumSize' | 'snapshotClass'>;

interface SnapshotClass {
  readonly name: string;
  readonly driver: string;
  readonly isDefault: boolean;
}

export async function readStorage(source: FactsSource): Promise<Pick<ClusterFacts, 'cdi' | 'storageClasses'>> {
  const cdi = await readCdi(source);
  const profiles = new Map<string, Profile>();
  const [config, , snapshotClasses] = await Promise.all([
    cdi?.installed === true ? source.collect(CDI_CONFIGS, overheadsOf) : undefined,
    cdi?.installed === true ? source.each(STORAGE_PROFILES, (one) => profiles.set(one.metadata.name, profileOf(one))) : false,
    source.collect(SNAPSHOT_CLASSES, snapshotClassOf),
  ]);
  const overheads = config?.[0];
  const storageClasses = await source.collect(STORAGE_CLASSES, (object): StorageClassFacts => {
    const { name } = object.metadata;
    const provisioner = textAt(object, 'provisioner') ?? '';
    const { snapshotClass: preferred, ...profile } = profiles.get(name) ?? {};
    return {
      name,
      provisioner,
      isDefault: annotated(object, DEFAULT_CLASS),
      isDefaultVirt: annotated(object, DEFAULT_VIRT_CLASS),
      bindingMode: textAt(object, 'volumeBindingMode') === 'WaitForFirstConsumer' ? 'WaitForFirstConsumer' : 'Immediate',
      expansion: at(object, 'allowVolumeExpansion') === true,
      ...profile,
      ...defined({
        snapshotClass: snapshotClasses && snapshotClassFor(provisioner, snapshotClasses, preferred),
        snapshotsKnown: snapshotClasses === undefined ? undefined : true,
        filesystemOverhead: overheads?.byClass.get(name) ?? overheads?.global,
      }),
    };
  });
  return defined({ cdi, storageClasses });
}

/** Whether CDI is installed says the list of API groups, which every login may read. */
async function readCdi(source: FactsSource): Promise<ClusterFacts['cdi']> {
  const groups = await source.document('/apis');
  if (groups === undefined) return undefined;
  const installed = listAt(groups, 'groups').some((group) => textAt(group, 'name') === CDIS.group);
  if (!installed) return { installed };
  const versions = await source.collect(CDIS, (object) => textAt(object, 'status', 'observedVersion'));
  return { installed, ...defined({ version: versions?.[0] }) };
}

function annotated({ metadata }: KubeObject, name: string): boolean {
  return metadata.annotations?.[name] === 'true';
}

function profileOf(object: KubeObject): Profile {
  const sets = listAt(object, 'status', 'claimPropertySets');
  const size = quantityOf(object.metadata.annotations?.[MINIMUM_SIZE] ?? '');
  return {
    claimProperties: sets.flatMap((set) => {
      const volumeMode = oneOf(VOLUME_MODES, textAt(set, 'volumeMode')) ?? 'Filesystem';
      return textsAt(set, 'accessModes').flatMap((text) => {
        const accessMode = oneOf(ACCESS_MODES, text);
        return accessMode === undefined ? [] : [{ accessMode, volumeMode }];
      });
    }),
    ...defined({
      cloneStrategy: oneOf(['copy', 'snapshot', 'csi-clone'], textAt(object, 'status', 'cloneStrategy')),
      minimumSize: size,
      snapshotClass: textAt(object, 'status', 'snapshotClass'),
    }),
  };
}

interface Overheads {
  readonly global: number | undefined;
  readonly byClass: ReadonlyMap<string, number>;
}

/** CDI writes shares as texts: `0.06`. */
function overheadsOf(config: KubeObject): Overheads {
  const byClass = entriesAt(config, 'status', 'filesystemOverhead', 'storageClass').flatMap(([name, value]) => {
    const overhead = share(value);
    return overhead === undefined ? [] : [[name, overhead] as const];
  });
  return { global: share(at(config, 'status', 'filesystemOverhead', 'global')), byClass: new Map(byClass) };
}

function share(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
  return number >= 0 && number <= 1 ? number : undefined;
}

function snapshotClassOf(object: KubeObject): SnapshotClass | undefined {
  const driver = textAt(object, 'driver');
  if (driver === undefined) return undefined;
  return { name: object.metadata.name, driver, isDefault: annotated(object, DEFAULT_SNAPSHOT_CLASS) };
}

/** The one that CDI's profile prefers, else the default one of the driver, else its first. */
function snapshotClassFor(driver: string, classes: readonly SnapshotClass[], preferred: string | undefined): string | undefined {
  const fitting = classes.filter((one) => one.driver === driver);
  return (fitting.find(({ name }) => name === preferred) ?? fitting.find(({ isDefault }) => isDefault) ?? fitting[0])?.name;
}
