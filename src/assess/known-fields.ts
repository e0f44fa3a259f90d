/**
 * The fields of a kubevirt.io/v1 VirtualMachine that this program may write, with the version that brought them and the feature gate
 * they need (differences of the OpenAPI documents of KubeVirt 1.4 to 1.9). The API server drops a field that it does not know, without
 * a word, so everything that is not here is an error.
 */
import { type Version, versionOf } from './versions.ts';

export interface KnownField {
  /** First version with the field; absent: older than all supported ones. */
  readonly since?: Version;
  /** Feature gate that must be on. */
  readonly gate?: string;
  /** The gate is on by itself from this version on. */
  readonly gateOnSince?: Version;
}

/** By the path of the object, then by the name of the field. An object whose path is missing is free-form: labels, selectors. */
export type KnownFields = ReadonlyMap<string, ReadonlyMap<string, KnownField>>;

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

export const KNOWN_FIELDS: KnownFields = new Map(
  Object.entries(TABLE).map(([path, fields]) => [path, new Map(fields.split(' ').map(parseField))]),
);

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

/** What is known of each field of `manifest`, unknown ones included. Lists are walked through; free-form objects are not entered. */
export function visitFields(manifest: object, visit: (path: string, known: KnownField | undefined) => void): void {
  walk(manifest, '', visit);
}

function walk(value: unknown, path: string, visit: (path: string, known: KnownField | undefined) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, path, visit);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const fields = KNOWN_FIELDS.get(path);
  if (fields === undefined) return;
  for (const key in value) {
    const child = path === '' ? key : `${path}.${key}`;
    const known = fields.get(key);
    if (known === undefined || known.since !== undefined || known.gate !== undefined) visit(child, known);
    if (known !== undefined) walk((value as Readonly<Record<string, unknown>>)[key], child, visit);
  }
}
