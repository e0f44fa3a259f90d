/**
 * What is wrong with a set of manifests, by the rules that KubeVirt's admission knows and those that it does not (measured on
 * its own code of August 2026): run-time checks beside the compile-time ones in kubevirt-types.test.ts.
 */
import type { Manifest, PersistentVolumeClaim, VirtualMachine } from '../../src/model/manifest.ts';

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const QUANTITY = /^[1-9]\d*(Ki|Mi|Gi|Ti)?$/;
const QUALIFIED = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

export function faults(manifests: readonly Manifest[]): readonly string[] {
  const claims = manifests.filter((one) => one.kind === 'PersistentVolumeClaim');
  const found = manifests.flatMap(metadataFaults);
  for (const claim of claims) found.push(...claimFaults(claim));
  for (const machine of manifests) if (machine.kind === 'VirtualMachine') found.push(...machineFaults(machine, claims));
  return found;
}

function metadataFaults({ metadata }: Manifest): string[] {
  const found: string[] = [];
  if (!LABEL.test(metadata.name)) found.push(`name ${metadata.name} is no DNS-1123 label`);
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (!QUALIFIED.test(key) || !/^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/.test(value))
      found.push(`label ${key}=${value}`);
  }
  const annotations = Object.entries(metadata.annotations ?? {});
  for (const [key, value] of annotations) if (!QUALIFIED.test(key) || !value.isWellFormed()) found.push(`annotation ${key}`);
  if (annotations.reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0) > 256 * 1024)
    found.push('annotations over 256 KiB');
  return found;
}

function claimFaults({ metadata, spec }: PersistentVolumeClaim): string[] {
  const found: string[] = [];
  if (!QUANTITY.test(spec.resources.requests.storage)) found.push(`${metadata.name}: size ${spec.resources.requests.storage}`);
  if (spec.accessModes.length !== 1) found.push(`${metadata.name}: ${spec.accessModes.length} access modes`);
  return found;
}

function machineFaults({ spec }: VirtualMachine, claims: readonly PersistentVolumeClaim[]): string[] {
  const { domain, networks, volumes, evictionStrategy } = spec.template.spec;
  const { cpu, memory, devices, firmware, features } = domain;
  const found: string[] = [];
  const expect = (truth: boolean, fault: string): void => {
    if (!truth) found.push(fault);
  };
  const real = devices.disks.filter((disk) => !('cdrom' in disk)).map(({ name }) => name);
  expect(sameNames(real, volumes), 'disks and volumes differ');
  expect(
    sameNames(
      devices.interfaces.map(({ name }) => name),
      networks,
    ),
    'interfaces and networks differ',
  );
  expect(
    claims.every(({ metadata }) => volumes.some(({ persistentVolumeClaim: { claimName } }) => claimName === metadata.name)),
    'a claim without a volume',
  );
  expect(
    volumes.every(
      ({ name, persistentVolumeClaim: { claimName } }) =>
        claims.some(({ metadata }) => metadata.name === claimName) ||
        devices.disks.some((disk) => disk.name === name && disk.shareable === true),
    ),
    'a volume without a claim that no other VM shares',
  );
  const names = [...devices.disks, ...devices.interfaces].map(({ name }) => name);
  expect(new Set(names).size === names.length, 'device names repeat');
  expect(
    names.every((name) => LABEL.test(name)),
    'a device name is no label',
  );
  expect(networks.filter((network) => 'pod' in network).length <= 1, 'more than one pod network');
  const bindings = devices.interfaces.map(
    (one, index) => ('masquerade' in one || 'binding' in one) === 'pod' in (networks[index] ?? {}),
  );
  expect(bindings.every(Boolean), 'masquerade and plugins go with the pod network and with nothing else');
  const orders = [...devices.disks, ...devices.interfaces].flatMap(({ bootOrder }) => bootOrder ?? []);
  expect(
    new Set(orders).size === orders.length && orders.every((order) => Number.isInteger(order) && order >= 1),
    'boot orders repeat',
  );
  expect(
    devices.disks.every((disk) => /^[A-Za-z0-9_.+-]{0,256}$/.test(disk.serial ?? '')),
    'a serial has characters that are refused',
  );
  expect(
    devices.disks.every(
      (disk) =>
        disk.blockSize?.custom.logical === 512 || disk.blockSize === undefined || !('disk' in disk) || disk.disk.bus !== 'sata',
    ),
    'sectors other than 512 bytes on SATA',
  );
  expect((spec.instancetype === undefined) === (cpu !== undefined && memory !== undefined), 'size twice or not at all');
  if (cpu !== undefined) {
    expect(
      [cpu.sockets, cpu.cores, cpu.threads].every((count) => Number.isInteger(count) && count >= 1),
      'the topology has a hole',
    );
    expect(cpu.maxSockets >= cpu.sockets, 'sockets above maxSockets');
  }
  if (memory !== undefined) {
    expect(QUANTITY.test(memory.guest) && QUANTITY.test(memory.maxGuest ?? '1'), 'memory is no quantity');
    expect(memory.maxGuest === undefined || isHotPluggable(memory.guest), 'maxGuest where KubeVirt refuses it');
  }
  const secure = 'efi' in firmware.bootloader && firmware.bootloader.efi.secureBoot;
  expect(secure === (features.smm?.enabled === true), 'secure boot and SMM go together');
  expect(firmware.uuid === undefined || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(firmware.uuid), 'malformed UUID');
  expect(spec.template.spec.hostname === undefined || LABEL.test(spec.template.spec.hostname), 'host name is no label');
  expect(
    evictionStrategy !== 'LiveMigrate' || claims.every(({ spec: { accessModes } }) => accessModes.includes('ReadWriteMany')),
    'RWO disks with LiveMigrate',
  );
  return found;
}

/** KubeVirt: from 1 GiB on, in multiples of 2 MiB. */
function isHotPluggable(quantity: string): boolean {
  const [, digits = '', suffix = ''] = /^(\d+)(\D*)$/.exec(quantity) ?? [];
  const bytes = Number(digits) * 1024 ** ['', 'Ki', 'Mi', 'Gi', 'Ti'].indexOf(suffix);
  return bytes >= 1024 ** 3 && bytes % (2 * 1024 ** 2) === 0;
}

function sameNames(names: readonly string[], things: readonly { readonly name: string }[]): boolean {
  return (
    new Set(names).size === names.length &&
    names.toSorted().join() ===
      things
        .map(({ name }) => name)
        .toSorted()
        .join()
  );
}
