/**
 * The machine that a VirtualMachine manifest describes, as qemu would be told to build it. Pure: no files, no argv.
 * Where the proof's machine differs from the manifest's, `differences` says so in a sentence.
 */
import type { DiskBus, DiskDevice, Domain, Interface, InterfaceModel, VirtualMachine } from '../../model/manifest.ts';
import { quantityOf } from '../../model/quantity.ts';
import { MiB } from '../../model/units.ts';
import { type ProofNetwork, planNetwork, type StaticAddress } from './network.ts';

export interface ProofMachine {
  readonly name: string;
  readonly uuid?: string;
  readonly serial?: string;
  /** Of its chassis. */
  readonly asset?: string;
  readonly cpu: { readonly sockets: number; readonly cores: number; readonly threads: number };
  readonly memoryMiB: number;
  readonly firmware: { readonly kind: 'bios' } | { readonly kind: 'uefi'; readonly secureBoot: boolean };
  readonly tpm: boolean;
  readonly disks: readonly ProofDisk[];
  readonly nics: readonly ProofNic[];
  readonly tablet?: 'usb' | 'virtio';
  /** Its virtio devices have the old kind's interface too. */
  readonly transitional: boolean;
  readonly differences: readonly string[];
}

export interface ProofDisk {
  /** Absolute path of the disk's bytes; absent for an empty CD-ROM drive. */
  readonly path?: string;
  readonly bus: DiskBus;
  readonly cdrom: boolean;
  readonly serial?: string;
  /** Tried in ascending order; without one, never. */
  readonly bootIndex?: number;
  readonly sectors?: { readonly logical: number; readonly physical: number };
}

export interface ProofNic {
  readonly model: InterfaceModel;
  /** In lower case. */
  readonly mac?: string;
  readonly linkUp: boolean;
  readonly bootIndex?: number;
  readonly network?: ProofNetwork;
}

export interface MachineFacts {
  /** Where the bytes of the claims are. */
  readonly disks: readonly { readonly claim: string; readonly path: string }[];
  /** What the guest's cards are known to be configured with, so that probes reach it there. */
  readonly addresses: readonly StaticAddress[];
  /** The proof's share of this machine: at most so many virtual processors and so much memory. */
  readonly limits: { readonly cpus: number; readonly memoryMiB: number };
}

/** Where the manifest leaves the size to an instance type. */
const UNKNOWN_MEMORY_MIB = 2048;

/** @throws Error when a disk of the manifest has no file: a mistake of the caller */
export function planMachine(vm: VirtualMachine, facts: MachineFacts): ProofMachine {
  const { domain } = vm.spec.template.spec;
  const { bootloader, uuid, serial } = domain.firmware;
  const [tablet] = domain.devices.inputs;
  const differences = [...boardDifferences(domain)];
  const tpm = domain.devices.tpm !== undefined && domain.devices.tpm.enabled !== false;
  if (tpm) differences.push('The TPM is new and empty: what the guest sealed in the old one is not there.');
  if ('efi' in bootloader && bootloader.efi.persistent) {
    differences.push('The firmware starts without stored boot entries.');
  }
  return {
    name: vm.metadata.name,
    ...(uuid === undefined ? {} : { uuid }),
    ...(serial === undefined ? {} : { serial }),
    ...(domain.chassis?.asset === undefined ? {} : { asset: domain.chassis.asset }),
    cpu: cpuOf(vm, facts.limits.cpus, differences),
    memoryMiB: memoryOf(vm, facts.limits.memoryMiB, differences),
    firmware: 'efi' in bootloader ? { kind: 'uefi', secureBoot: bootloader.efi.secureBoot } : { kind: 'bios' },
    tpm,
    disks: disksOf(vm, facts, differences),
    nics: domain.devices.interfaces.map((nic) => nicOf(nic, facts, differences)),
    ...(tablet === undefined ? {} : { tablet: tablet.bus }),
    transitional: domain.devices.useVirtioTransitional === true,
    differences,
  };
}

/** What no option of qemu brings here, or none is worth it. */
function boardDifferences({ cpu, clock, features, machine }: Domain): readonly string[] {
  const model = cpu?.model ?? 'host-model';
  return [
    ...(model.startsWith('host-') ? [] : [`Its processor is not of the model ${model}.`]),
    ...(machine.type === 'q35' ? [] : [`Its board is the newest q35 of this qemu instead of ${machine.type}.`]),
    ...(features.hyperv === undefined ? [] : ['It has none of the interfaces of Hyper-V that make Windows faster.']),
    ...(clock === undefined || ('utc' in clock && (clock.utc.offsetSeconds ?? 0) === 0)
      ? []
      : ['Its hardware clock holds UTC instead of the time of its place.']),
  ];
}

/** The sockets stay, because guests count licences by them; cores and threads give way first. */
function cpuOf(vm: VirtualMachine, limit: number, differences: string[]): ProofMachine['cpu'] {
  const { sockets, cores, threads } = vm.spec.template.spec.domain.cpu ?? { sockets: 1, cores: 1, threads: 1 };
  if (sockets * cores * threads <= limit) return { sockets, cores, threads };
  const fewer = Math.max(1, Math.min(sockets, limit));
  const proof = { sockets: fewer, cores: Math.max(1, Math.min(cores, Math.floor(limit / fewer))), threads: 1 };
  differences.push(`It had ${proof.sockets * proof.cores} virtual processors instead of ${sockets * cores * threads}.`);
  return proof;
}

function memoryOf(vm: VirtualMachine, limit: number, differences: string[]): number {
  const bytes = quantityOf(vm.spec.template.spec.domain.memory?.guest ?? '');
  const wanted = bytes === undefined ? UNKNOWN_MEMORY_MIB : Math.ceil(bytes / MiB);
  if (wanted <= limit) return wanted;
  differences.push(`It had ${limit} MiB of memory instead of ${wanted} MiB.`);
  return limit;
}

function disksOf(vm: VirtualMachine, facts: MachineFacts, differences: string[]): readonly ProofDisk[] {
  const { domain, volumes } = vm.spec.template.spec;
  const claims = new Map(volumes.map(({ name, persistentVolumeClaim }) => [name, persistentVolumeClaim.claimName]));
  const paths = new Map(facts.disks.map(({ claim, path }) => [claim, path]));
  const devices = [...domain.devices.disks, ...domain.devices.interfaces];
  // KubeVirt: once one device has an order, those without are never tried; before, they come as they stand.
  const ordered = devices.some(({ bootOrder }) => bootOrder !== undefined);
  return domain.devices.disks.map((disk, index) => {
    const claim = claims.get(disk.name);
    const path = claim === undefined ? undefined : paths.get(claim);
    const cdrom = 'cdrom' in disk;
    if (path === undefined && (claim !== undefined || !cdrom)) throw new Error(`Disk ${disk.name} has no file to boot from`);
    const bootIndex = ordered ? disk.bootOrder : index + 1;
    const sectors = disk.blockSize?.custom;
    if ('lun' in disk) differences.push(`${disk.name} is an ordinary SCSI disk: no command of the guest reaches its volume.`);
    if (disk.shareable === true) differences.push(`${disk.name} is shared with nobody.`);
    return {
      ...(path === undefined ? {} : { path }),
      bus: busOf(disk),
      cdrom,
      ...(disk.serial === undefined ? {} : { serial: disk.serial }),
      ...(bootIndex === undefined ? {} : { bootIndex }),
      ...(sectors === undefined ? {} : { sectors }),
    };
  });
}

function busOf(disk: DiskDevice): DiskBus {
  if ('disk' in disk) return disk.disk.bus;
  return 'lun' in disk ? disk.lun.bus : disk.cdrom.bus;
}

function nicOf(nic: Interface, facts: MachineFacts, differences: string[]): ProofNic {
  const mac = nic.macAddress?.toLowerCase();
  const known = facts.addresses.find((address) => address.mac.toLowerCase() === mac);
  const network = known === undefined ? undefined : planNetwork(known);
  if (known !== undefined && network === undefined) {
    differences.push(`The network of ${known.address} cannot be imitated, so ${nic.name} is not reached there.`);
  }
  if ('sriov' in nic) differences.push(`${nic.name} is a virtio card instead of an SR-IOV function.`);
  return {
    model: nic.model ?? 'virtio',
    ...(mac === undefined ? {} : { mac }),
    linkUp: nic.state !== 'down',
    ...(nic.bootOrder === undefined ? {} : { bootIndex: nic.bootOrder }),
    ...(network === undefined ? {} : { network }),
  };
}
