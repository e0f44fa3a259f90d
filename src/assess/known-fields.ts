/**
 * The fields of a kubevirt.io/v1 VirtualMachine that this program may write, with the version that brought them and the feature gate
 * they need (differences of the OpenAPI documents of KubeVirt 1.4 to 1.9). The API server drops a field that it does not know, without
 * a word, so everything that is not here is an error.
 */
import { type Version, versionOf } from '../model/kubevirt-version.ts';

export interface KnownField {
  /** First version with the field; absent: older than all supported ones. */
  readonly since?: Version;
  /** Feature gate that must be on. */
  readonly gate?: string;
  /** The gate is on by itself from this version on. */
  readonly gateOnSince?: Version;
}

/** A field that a manifest has, and what is known of it; undefined: no version has such a field. */
export interface UsedField {
  /** `spec.template.spec.domain.cpu.sockets`; lists leave no trace in it. */
  readonly path: string;
  readonly known: KnownField | undefined;
}

const T = 'spec.template.spec';
const D = `${T}.domain`;

/** `name@since+Gate/gateOnSince`. */
const TABLE: Readonly<Record<string, string>> = {
  '': 'apiVersion kind metadata spec',
  metadata: 'name namespace labels annotations',
  spec: 'runStrategy instancetype preference template updateVolumesStrategy',
  'spec.instancetype': 'kind name',
  'spec.preference': 'kind name',
  'spec.template': 'metadata spec',
  'spec.template.metadata': 'labels annotations',
  [T]: 'architecture hostname subdomain evictionStrategy affinity nodeSelector tolerations topologySpreadConstraints priorityClassName schedulerName terminationGracePeriodSeconds domain networks volumes readinessProbe livenessProbe dnsPolicy dnsConfig accessCredentials',
  [D]: 'cpu memory resources machine firmware chassis clock features devices ioThreadsPolicy ioThreads rebootPolicy@1.8+RebootPolicy/1.9 launchSecurity',
  [`${D}.cpu`]: 'sockets cores threads maxSockets model features dedicatedCpuPlacement isolateEmulatorThread numa realtime',
  [`${D}.cpu.features`]: 'name policy',
  [`${D}.cpu.numa`]: 'guestMappingPassthrough',
  [`${D}.memory`]: 'guest maxGuest hugepages reservedOverhead@1.8',
  [`${D}.memory.hugepages`]: 'pageSize',
  [`${D}.resources`]: 'requests limits overcommitGuestOverhead',
  [`${D}.machine`]: 'type',
  [`${D}.firmware`]: 'uuid serial bootloader acpi kernelBoot',
  [`${D}.firmware.bootloader`]: 'bios efi',
  [`${D}.firmware.bootloader.bios`]: 'useSerial',
  [`${D}.firmware.bootloader.efi`]: 'secureBoot persistent',
  [`${D}.firmware.acpi`]: 'slicNameRef msdmNameRef@1.6',
  [`${D}.chassis`]: 'manufacturer version serial asset sku',
  [`${D}.clock`]: 'utc timezone timer',
  [`${D}.clock.utc`]: 'offsetSeconds',
  [`${D}.clock.timer`]: 'hpet pit rtc kvm hyperv',
  [`${D}.clock.timer.hpet`]: 'present tickPolicy',
  [`${D}.clock.timer.pit`]: 'present tickPolicy',
  [`${D}.clock.timer.rtc`]: 'present tickPolicy track',
  [`${D}.features`]: 'acpi apic hyperv hypervPassthrough smm kvm pvspinlock',
  [`${D}.features.smm`]: 'enabled',
  [`${D}.features.hyperv`]:
    'relaxed vapic vpindex spinlocks synic synictimer runtime frequencies ipi tlbflush reset reenlightenment evmcs vendorid',
  [`${D}.features.hyperv.spinlocks`]: 'enabled spinlocks',
  [`${D}.features.hyperv.synictimer`]: 'enabled direct',
  [`${D}.features.hyperv.tlbflush`]: 'enabled direct@1.8 extended@1.8',
  [`${D}.devices`]:
    'autoattachPodInterface autoattachGraphicsDevice autoattachInputDevice autoattachMemBalloon autoattachSerialConsole autoattachVSOCK blockMultiQueue networkInterfaceMultiqueue useVirtioTransitional disks interfaces inputs rng tpm watchdog sound gpus+GPU hostDevices+HostDevices filesystems video@1.6+VideoConfig/1.9 panicDevices@1.6+PanicDevices/1.9',
  [`${D}.devices.disks`]:
    'name bootOrder serial shareable cache io errorPolicy blockSize dedicatedIOThread tag disk lun cdrom changedBlockTracking@1.7',
  [`${D}.devices.disks.disk`]: 'bus readonly pciAddress',
  [`${D}.devices.disks.cdrom`]: 'bus readonly tray',
  [`${D}.devices.disks.lun`]: 'bus readonly reservation+PersistentReservation/1.9',
  [`${D}.devices.disks.blockSize`]: 'custom matchVolume',
  [`${D}.devices.disks.blockSize.custom`]: 'logical physical discardGranularity@1.7',
  [`${D}.devices.interfaces`]:
    'name model macAddress state bootOrder pciAddress acpiIndex tag ports dhcpOptions masquerade bridge sriov binding passtBinding@1.8+PasstBinding/1.9 portRanges@1.9',
  [`${D}.devices.interfaces.binding`]: 'name',
  [`${D}.devices.inputs`]: 'name type bus',
  [`${D}.devices.tpm`]: 'enabled@1.6 persistent',
  [`${D}.devices.watchdog`]: 'name i6300esb diag288',
  [`${T}.networks`]: 'name pod multus resourceClaim@1.9',
  [`${T}.networks.multus`]: 'networkName default',
  [`${T}.volumes`]:
    'name persistentVolumeClaim dataVolume containerDisk cloudInitNoCloud cloudInitConfigDrive sysprep secret configMap emptyDisk',
  [`${T}.volumes.persistentVolumeClaim`]: 'claimName readOnly hotpluggable',
};

/** One field, and those below it; an object without `fields` is free-form: labels, selectors. */
interface Node {
  readonly path: string;
  readonly known: KnownField;
  readonly fields?: ReadonlyMap<string, Node>;
}

const ROOT: Node = { path: '', known: {}, fields: fieldsBelow('') };

function fieldsBelow(path: string): ReadonlyMap<string, Node> {
  const fields = new Map<string, Node>();
  for (const text of TABLE[path]?.split(' ') ?? []) {
    const [name, known] = parseField(text);
    const child = path === '' ? name : `${path}.${name}`;
    fields.set(name, { path: child, known, ...(child in TABLE && { fields: fieldsBelow(child) }) });
  }
  return fields;
}

function parseField(text: string): [name: string, field: KnownField] {
  const [, name = text, since, gate, gateOnSince] = /^(\w+)(?:@([\d.]+))?(?:\+(\w+))?(?:\/([\d.]+))?$/.exec(text) ?? [];
  return [
    name,
    {
      ...version('since', since),
      ...(gate !== undefined && { gate }),
      ...version('gateOnSince', gateOnSince),
    },
  ];
}

function version<K extends string>(key: K, text: string | undefined): Partial<Record<K, Version>> {
  const parsed = text === undefined ? undefined : versionOf(text);
  return parsed === undefined ? {} : ({ [key]: parsed } as Record<K, Version>);
}

/** The fields of `manifest` that not every KubeVirt has: unknown ones, new ones, gated ones. */
export function unusualFields(manifest: object): readonly UsedField[] {
  const found: UsedField[] = [];
  walk(manifest, ROOT, found);
  return found;
}

function walk(value: unknown, node: Node, found: UsedField[]): void {
  if (typeof value !== 'object' || value === null || node.fields === undefined) return;
  if (Array.isArray(value)) {
    for (const item of value) walk(item, node, found);
    return;
  }
  for (const key in value) {
    const child = node.fields.get(key);
    if (child === undefined) {
      found.push({ path: node.path === '' ? key : `${node.path}.${key}`, known: undefined });
      continue;
    }
    const { known } = child;
    if (known.since !== undefined || known.gate !== undefined) found.push({ path: child.path, known });
    if (child.fields !== undefined) walk((value as Readonly<Record<string, unknown>>)[key], child, found);
  }
}
