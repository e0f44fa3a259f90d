/** Puts the parts of a VM together. Each part is decided, with its reasons, in the file of its name. */
import type { GuestOs } from '../src/model/guest-os/row.ts';
import type { Domain, PersistentVolumeClaim, VirtualMachine } from '../src/model/manifest.ts';
import type { DiskPlacement } from '../src/model/mapping.ts';
import type { SourceVm } from '../src/model/vm.ts';
import { chooseBootOrder } from './boot-order.ts';
import { mapClock } from './clock.ts';
import { mapCpu } from './compute.ts';
import type { MappingContext } from './context.ts';
import { mapDisks } from './disks.ts';
import { mapChassis, mapFirmware, mapTpm, smmFeature } from './firmware.ts';
import { mapGracePeriod, mapHyperv, mapPreference, mapTransitional, recogniseGuest, templateAnnotations } from './guest-os.ts';
import { DOMAIN, type Ledger, TEMPLATE } from './ledger.ts';
import { mapEviction, mapRunStrategy } from './lifecycle.ts';
import { mapMemory } from './memory.ts';
import { mapHostname, mapMetadata, vmLabels } from './metadata.ts';
import { mapNics } from './nics.ts';

interface BuiltVm {
  readonly machine: VirtualMachine;
  readonly claims: readonly PersistentVolumeClaim[];
  readonly placements: readonly DiskPlacement[];
}

export function buildVirtualMachine(vm: SourceVm, context: MappingContext, ledger: Ledger): BuiltVm {
  const os = recogniseGuest(vm);
  const metadata = mapMetadata(vm, context, ledger);
  const runStrategy = mapRunStrategy(vm, ledger);
  const preference = mapPreference(vm, os, { context, ledger });
  const template = templateMetadata(os, { name: context.name, ledger });
  const frame = mapFrame(ledger);
  const hostname = mapHostname(vm, ledger);
  const board = mapBoard(vm, os, { context, ledger });
  const boot = chooseBootOrder(vm, ledger);
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
    evictionStrategy: mapEviction(claims, ledger),
    terminationGracePeriodSeconds: mapGracePeriod(os, ledger),
    domain: { ...board, devices },
    networks,
    volumes,
  };
  const machine: VirtualMachine = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata,
    spec: { runStrategy, ...preference, template: { metadata: withAnnotations(template, annotations), spec } },
  };
  return { machine, claims, placements };
}

function templateMetadata(
  os: GuestOs | undefined,
  { name, ledger }: { name: string; ledger: Ledger },
): NonNullable<VirtualMachine['spec']['template']['metadata']> {
  ledger.added({
    to: 'VirtualMachine/spec.template.metadata.labels',
    value: name,
    rule: 'vm-label',
    because: 'Services and network policies find the running VM by it.',
  });
  const annotations = templateAnnotations(os, ledger);
  return { labels: vmLabels(name), ...(annotations === undefined ? {} : { annotations }) };
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
  { context, ledger }: { context: MappingContext; ledger: Ledger },
): Omit<Domain, 'devices'> {
  const { options } = context;
  ledger.added({
    to: `${DOMAIN}.machine.type`,
    value: 'q35',
    rule: 'machine',
    because: 'The PC that KubeVirt offers on amd64: PCI Express, as under current VMware hardware.',
  });
  ledger.added({ to: `${DOMAIN}.features.acpi`, value: 'on', rule: 'machine', because: 'The guest is shut down through it.' });
  const firmware = mapFirmware(vm, os, { options, ledger });
  return {
    cpu: mapCpu(vm, options, ledger),
    memory: mapMemory(vm.memory, options, ledger),
    machine: { type: 'q35' },
    firmware,
    ...mapChassis(vm.identity, ledger),
    clock: mapClock(vm.clock, os, ledger),
    features: { acpi: {}, ...smmFeature(firmware), ...mapHyperv(os, ledger) },
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
