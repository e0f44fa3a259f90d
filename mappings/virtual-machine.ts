/** Puts the parts of a VM together. Each part is decided, with its reasons, in the file of its name. */
import type { GuestOs } from '../src/model/guest-os/row.ts';
import type { Domain, PersistentVolumeClaim, RunStrategy, VirtualMachine } from '../src/model/manifest.ts';
import type { DiskPlacement } from '../src/model/mapping.ts';
import type { SourceVm } from '../src/model/vm.ts';
import { chooseBootOrder } from './boot-order.ts';
import { mapClock } from './clock.ts';
import { mapCpu } from './compute.ts';
import type { MappingContext } from './context.ts';
import { mapDisks } from './disks.ts';
import { mapChassis, mapFirmware, mapTpm, smmFeature } from './firmware.ts';
import { mapGracePeriod, mapHyperv, mapPreference, mapTransitional, recogniseGuest, templateAnnotations } from './guest-os.ts';
import { chooseInstancetype, mapInstancetype } from './instance-type.ts';
import { vmLabels } from './labels.ts';
import { DOMAIN, type Ledger, TEMPLATE } from './ledger.ts';
import { mapEviction, mapRunStrategy } from './lifecycle.ts';
import { mapMemory } from './memory.ts';
import { mapHostname, mapMetadata } from './metadata.ts';
import { mapNics } from './nics.ts';
import { mapPlacement } from './placement-rules.ts';
import { mapResources } from './reservations.ts';

interface BuiltVm {
  readonly machine: VirtualMachine;
  readonly claims: readonly PersistentVolumeClaim[];
  readonly placements: readonly DiskPlacement[];
  /** What the VM should become when its migration is complete. */
  readonly runStrategy: RunStrategy;
}

export function buildVirtualMachine(vm: SourceVm, context: MappingContext, ledger: Ledger): BuiltVm {
  const os = recogniseGuest(vm);
  const run = mapRunStrategy(vm, context.options, ledger);
  const metadata = mapMetadata(vm, { context, runStrategy: run.later, ledger });
  const type = chooseInstancetype(vm, context);
  const instancetype = type === undefined ? {} : mapInstancetype(vm, type, { context, ledger });
  const preference = mapPreference(vm, os, { context, type, ledger });
  const placement = mapPlacement(context.placement?.get(vm.ref.id), context.options, ledger);
  const template = templateMetadata(os, { name: context.name, labels: placement.labels, ledger });
  const frame = mapFrame(ledger);
  const hostname = mapHostname(vm, ledger);
  const board = mapBoard(vm, os, { context, sized: type !== undefined, ledger });
  const boot = chooseBootOrder(vm, { context, firmware: 'efi' in board.firmware.bootloader ? 'uefi' : 'bios', ledger });
  const { devices: disks, volumes, claims, placements } = mapDisks(vm, { context, os, boot, ledger });
  const { interfaces, networks, annotations } = mapNics(vm, { context, os, boot, ledger });
  const devices: Domain['devices'] = {
    autoattachPodInterface: false,
    ...mapTransitional(os, { context, ledger }),
    disks,
    interfaces,
    ...mapComfort(ledger),
    ...mapTpm(vm.firmware, preference.preference?.name, ledger),
  };
  const spec: VirtualMachine['spec']['template']['spec'] = {
    ...frame,
    ...(hostname === undefined ? {} : { hostname }),
    evictionStrategy: mapEviction(vm, claims, ledger),
    ...(placement.affinity === undefined ? {} : { affinity: placement.affinity }),
    terminationGracePeriodSeconds: mapGracePeriod(os, ledger),
    domain: { ...board, devices },
    networks,
    volumes,
  };
  const machine: VirtualMachine = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata,
    spec: {
      runStrategy: run.now,
      ...instancetype,
      ...preference,
      template: { metadata: withAnnotations(template, annotations), spec },
    },
  };
  return { machine, claims, placements, runStrategy: run.later };
}

function templateMetadata(
  os: GuestOs | undefined,
  { name, labels, ledger }: { name: string; labels: Readonly<Record<string, string>>; ledger: Ledger },
): NonNullable<VirtualMachine['spec']['template']['metadata']> {
  ledger.added({
    to: 'VirtualMachine/spec.template.metadata.labels',
    value: name,
    rule: 'vm-label',
    because: 'Services and network policies find the running VM by it.',
  });
  const annotations = templateAnnotations(os, ledger);
  return { labels: { ...vmLabels(name), ...labels }, ...(annotations === undefined ? {} : { annotations }) };
}

function withAnnotations(
  metadata: NonNullable<VirtualMachine['spec']['template']['metadata']>,
  more: Readonly<Record<string, string>>,
): NonNullable<VirtualMachine['spec']['template']['metadata']> {
  const { annotations } = metadata;
  const all = { ...annotations, ...more };
  return Object.keys(all).length === 0 ? metadata : { ...metadata, annotations: all };
}

function mapFrame(ledger: Ledger): { readonly architecture: 'amd64' } {
  ledger.added({
    to: `${TEMPLATE}.architecture`,
    value: 'amd64',
    rule: 'architecture',
    because: 'Written because the default is that of the control plane, not of the guest.',
  });
  return { architecture: 'amd64' };
}

/** Everything on the board that is neither disk nor NIC. */
function mapBoard(
  vm: SourceVm,
  os: GuestOs | undefined,
  { context, sized, ledger }: { context: MappingContext; sized: boolean; ledger: Ledger },
): Omit<Domain, 'devices'> {
  const { options } = context;
  const machine = options.machineType ?? 'q35';
  ledger.added({
    to: `${DOMAIN}.machine.type`,
    value: machine,
    rule: 'machine',
    because:
      options.machineType === undefined
        ? 'The PC that KubeVirt offers on amd64: PCI Express, as under current VMware hardware.'
        : 'The machine was given as an option.',
  });
  ledger.added({ to: `${DOMAIN}.features.acpi`, value: 'on', rule: 'machine', because: 'The guest is shut down through it.' });
  const firmware = mapFirmware(vm, os, { context, ledger });
  return {
    ...(sized ? {} : mapSize(vm, context, ledger)),
    machine: { type: machine },
    firmware,
    ...mapChassis(vm.identity, ledger),
    clock: mapClock(vm.clock, os, { options, ledger }),
    features: { acpi: {}, ...smmFeature(firmware), ...mapHyperv(vm, os, { context, ledger }) },
  };
}

/** Processors and memory of a VM without an instance type. */
function mapSize(vm: SourceVm, context: MappingContext, ledger: Ledger): Pick<Domain, 'cpu' | 'memory' | 'resources'> {
  return {
    cpu: mapCpu(vm, context, ledger),
    memory: mapMemory(vm, context, ledger),
    ...mapResources(vm, context.options, ledger),
  };
}

function mapComfort(ledger: Ledger): Pick<Domain['devices'], 'inputs' | 'rng'> {
  ledger.added({
    to: `${DOMAIN}.devices.inputs`,
    value: 'USB tablet',
    rule: 'comfort',
    because: 'With an absolute pointer the mouse of the console stays where it is shown.',
  });
  ledger.added({
    to: `${DOMAIN}.devices.rng`,
    value: 'on',
    rule: 'comfort',
    because: 'Gives the guest randomness early; guests without a driver ignore it.',
  });
  return { inputs: [{ name: 'tablet', type: 'tablet', bus: 'usb' }], rng: {} };
}
