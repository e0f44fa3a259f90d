/**
 * Facts without a place on the target: each is named, so that the dry run shows what stays behind. What it means for the VM is judged
 * in src/assess; here is only why there is no place.
 */
import type { Packaging } from '../src/model/packaging.ts';
import type { OtherDevice, SourceVm } from '../src/model/vm.ts';
import type { Ledger } from './ledger.ts';
import { dropScheduling } from './scheduling-leftovers.ts';

export function dropLeftovers(vm: SourceVm, ledger: Ledger): void {
  dropControllers(vm, ledger);
  dropGuestTools(vm, ledger);
  dropDevices(vm, ledger);
  dropHistory(vm, ledger);
  dropPlacement(vm, ledger);
  dropScheduling(vm, ledger);
  if (vm.packaging !== undefined) dropPackaging(vm.packaging, ledger);
  for (const [index, { path, value }] of vm.extras.entries()) {
    ledger.dropped({
      from: `extras[${index}]`,
      was: `${path} = ${value}`,
      rule: 'extra',
      because: 'A setting of the old hypervisor that KubeVirt has no counterpart for.',
    });
  }
}

function dropControllers(vm: SourceVm, ledger: Ledger): void {
  for (const [index, { key, kind, sharing }] of vm.controllers.entries()) {
    const rule = 'controller';
    const from = `controllers[${index}]`;
    ledger.dropped({
      from: `${from}.key`,
      was: key,
      rule,
      because: 'KubeVirt makes the controllers that the buses of the disks need.',
    });
    ledger.dropped({
      from: `${from}.kind`,
      was: kind,
      rule,
      because: 'KubeVirt has virtio, SCSI (virtio), SATA and USB; the bus is chosen per disk.',
    });
    ledger.dropped({
      from: `${from}.sharing`,
      was: sharing,
      rule,
      because: 'Sharing is a property of each disk, not of a controller.',
    });
  }
}

function dropGuestTools(vm: SourceVm, ledger: Ledger): void {
  const { tools } = vm.guest;
  const rule = 'guest-tools';
  const because = 'Tools of the old hypervisor do nothing under KubeVirt; the QEMU guest agent takes their place.';
  ledger.dropped({ from: 'guest.tools.installed', was: tools?.installed, rule, because });
  ledger.dropped({ from: 'guest.tools.version', was: tools?.version, rule, because });
}

const DEVICE_REASONS: Readonly<Record<OtherDevice['kind'], string>> = {
  'usb-controller': 'KubeVirt adds a USB controller of its own for the tablet.',
  'usb-device': 'A device plugged into the old host cannot come along.',
  floppy: 'KubeVirt has no floppy drives.',
  serial: 'Every VM has one serial console in KubeVirt; further ports, and what they were connected to, are lost.',
  parallel: 'KubeVirt has no parallel ports.',
  sound: 'No sound device is set up.',
  'pci-passthrough': 'A device of the old host cannot come along; the node’s own must be offered by KubeVirt and assigned anew.',
  vgpu: 'A virtual GPU of the old host cannot come along; the node’s own must be offered by KubeVirt and assigned anew.',
  watchdog: 'No watchdog is set up; what the guest expects of one must be tested.',
  video: 'KubeVirt gives every VM a display that all guests know.',
  vmci: 'A channel to the old hypervisor.',
  sgx: 'Enclaves are bound to the old host’s processor.',
  'fibre-channel': 'A virtual Fibre Channel adapter of the old host cannot come along; give its LUNs as volumes.',
  nvdimm: 'KubeVirt has no persistent memory devices.',
  'scsi-device': 'A device passed through from the old host cannot come along.',
  other: 'KubeVirt has no counterpart for it.',
};

function dropDevices(vm: SourceVm, ledger: Ledger): void {
  for (const [index, { kind, label }] of vm.devices.entries()) {
    ledger.dropped({ from: `devices[${index}]`, was: `${kind}: ${label}`, rule: 'device', because: DEVICE_REASONS[kind] });
  }
}

function dropHistory({ snapshots, platform }: SourceVm, ledger: Ledger): void {
  const state = 'The state that the VM is in now is what arrives.';
  ledger.dropped({ from: 'snapshots.count', was: snapshots.count, rule: 'snapshots', because: state });
  ledger.dropped({
    from: 'snapshots.consolidationNeeded',
    was: snapshots.consolidationNeeded,
    rule: 'snapshots',
    because: state,
  });
  const origin = 'Says where the VM comes from; it has no meaning on the target.';
  ledger.dropped({ from: 'platform.vendor', was: platform.vendor, rule: 'platform', because: origin });
  ledger.dropped({
    from: 'platform.hardwareVersion',
    was: platform.hardwareVersion,
    rule: 'platform',
    because: 'The machine is always q35.',
  });
  ledger.dropped({
    from: 'platform.generation',
    was: platform.generation,
    rule: 'platform',
    because: 'What a generation means, firmware and buses, is decided one by one.',
  });
  for (const [index, { name, kind }] of (snapshots.list ?? []).entries()) {
    ledger.dropped({
      from: `snapshots.list[${index}]`,
      was: kind === undefined ? name : `${name} (${kind})`,
      rule: 'snapshots',
      because: state,
    });
  }
  ledger.dropped({ from: 'platform.writtenBy', was: platform.writtenBy, rule: 'platform', because: origin });
}

function dropPlacement({ placement, guest }: SourceVm, ledger: Ledger): void {
  const because = 'Kubernetes places the VM by its own rules; add node selectors or affinity where the place matters.';
  for (const fact of ['datacenter', 'cluster', 'host', 'resourcePool'] as const) {
    ledger.dropped({ from: `placement.${fact}`, was: placement?.[fact], rule: 'placement', because });
  }
  for (const [index, { path }] of (guest.filesystems ?? []).entries()) {
    ledger.dropped({
      from: `guest.filesystems[${index}]`,
      was: path,
      rule: 'guest-filesystem',
      because: 'File systems arrive inside the disks.',
    });
  }
}

function dropPackaging(packaging: Packaging, ledger: Ledger): void {
  const rule = 'packaging';
  const wrapping = 'Part of the wrapping, not of the VM.';
  const drop = (fact: keyof Packaging, was: string | number | boolean | undefined, because = wrapping): void => {
    ledger.dropped({ from: `packaging.${fact}`, was, rule, because });
  };
  const { configuration, sizeMismatches } = packaging;
  drop('kind', packaging.kind);
  drop('descriptor', packaging.descriptor);
  drop('ovfVersion', packaging.ovfVersion);
  drop('manifest', packaging.manifest, 'Digests protect the way to here; from here on the proof does.');
  drop('unlisted', packaging.unlisted?.join(', '));
  drop('certificate', packaging.certificate);
  drop(
    'sizeMismatches',
    sizeMismatches?.map(({ file, declared, actual }) => `${file}: ${declared} declared, ${actual} real`).join(', '),
  );
  drop(
    'configuration',
    configuration && `${configuration.chosen} of ${configuration.available.join(', ')}`,
    'The chosen configuration is in the hardware of this plan already.',
  );
  drop('eulas', packaging.eulas, 'Licence texts are for people to read.');
  for (const [index, { key, value, label, userConfigurable }] of (packaging.properties ?? []).entries()) {
    const what = [`${key} = ${value ?? '(not shown)'}`, label, userConfigurable === true ? 'to be set by the user' : undefined];
    ledger.dropped({
      from: `packaging.properties[${index}]`,
      was: what.filter((part) => part !== undefined).join(', '),
      rule: 'package-property',
      because:
        'The old hypervisor hands properties to the appliance at boot; KubeVirt does not. Give them by cloud-init or inside the guest.',
    });
  }
}
