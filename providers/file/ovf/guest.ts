/** The operating system, the identity and the platform of a system, in the words of whichever tool wrote the file. */

import { defined } from '../../../src/model/defined.ts';
import { parseUuid } from '../../../src/model/units.ts';
import type { Guest, Identity, Platform } from '../../../src/model/vm.ts';
import type { Envelope } from './envelope.ts';
import type { Hardware } from './hardware.ts';
import { sectionsOf } from './section.ts';
import { parseCount } from './values.ts';
import type { VboxMachine } from './virtualbox.ts';
import { attribute, textOf, type XmlElement } from './xml.ts';

/** `vmw:osType` is the most exact, then VirtualBox's, then the CIM number (CIM_OperatingSystem.OSType). */
export function readGuest(system: XmlElement, vbox: VboxMachine | undefined): Guest {
  const [section] = sectionsOf(system, 'OperatingSystemSection');
  const vmware = section && attribute(section, 'osType', 'vmw');
  const virtualbox = (section && textOf(section, 'OSType', 'vbox')) ?? vbox?.osType;
  const cim = section && parseCount(attribute(section, 'id'));
  const id: Pick<Guest, 'osId' | 'osIdKind'> = vmware
    ? { osId: vmware, osIdKind: 'vmware' }
    : virtualbox
      ? { osId: virtualbox, osIdKind: 'virtualbox' }
      : cim !== undefined
        ? { osId: String(cim), osIdKind: 'cim' }
        : {};
  return defined({ ...id, osName: section && textOf(section, 'Description'), hostname: hostname(system) });
}

/** vCloud Director's GuestCustomizationSection. */
function hostname(system: XmlElement): string | undefined {
  const section = system.children.find((child) => child.name === 'GuestCustomizationSection');
  return section?.children.find((child) => child.name === 'ComputerName')?.text || undefined;
}

/** oVirt uses the VM's id, which stands on its OperatingSystemSection, as SMBIOS UUID. */
export function readIdentity(system: XmlElement, hardware: Hardware | undefined, vbox: VboxMachine | undefined): Identity {
  const [section] = sectionsOf(system, 'OperatingSystemSection');
  const written = hardware?.extraConfig.get('uuid.bios') ?? (section && attribute(section, 'id')) ?? '';
  return defined({
    biosUuid: parseUuid(written) ?? vbox?.uuid,
    instanceUuid: parseUuid(hardware?.extraConfig.get('vc.uuid') ?? ''),
  });
}

const VENDORS: readonly (readonly [RegExp, NonNullable<Platform['vendor']>])[] = [
  [/\bvmx-\d/i, 'vmware'],
  [/virtualbox/i, 'virtualbox'],
  [/xen|hvm-3/i, 'xen'],
  [/\bibm\b|power/i, 'ibm'],
  [/hyper-?v|microsoft/i, 'hyperv'],
  [/engine|rhev|ovirt|kvm|qemu/i, 'kvm'],
];

/** Vendor by VirtualSystemType: `vmx-19`, `virtualbox-2.2`, `hvm-3.0-unknown`, `IBM:POWER:AIXLINUX`, `ENGINE 4.5.0.0`. */
export function readPlatform(envelope: Envelope, hardware: Hardware | undefined): Platform {
  const type = hardware?.systemType;
  return defined({
    vendor: type === undefined ? undefined : VENDORS.find(([pattern]) => pattern.test(type))?.[1],
    hardwareVersion: type,
    writtenBy: envelope.writtenBy,
  });
}
