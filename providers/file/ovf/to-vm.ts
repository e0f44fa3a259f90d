/** Envelope and system → SourceVm. Pure: what the images themselves say comes in as values. */

import { defined } from '../../../src/model/defined.ts';
import type { PackageProperty, Packaging } from '../../../src/model/packaging.ts';
import type { DiskSource, FileDigest } from '../../../src/model/transfer.ts';
import type { Bytes } from '../../../src/model/units.ts';
import type { Disk, DiskFormat, ExtraFact, SourceVm } from '../../../src/model/vm.ts';
import { diskFacts } from '../image/disk-facts.ts';
import type { ProbedImage } from '../seam.ts';
import { readBootOrder, readFirmware } from './boot.ts';
import { readCpu, readMemory } from './compute.ts';
import { readControllers } from './controllers.ts';
import { readDevices } from './devices.ts';
import { type DiskDraft, readDrives } from './disks.ts';
import type { Envelope } from './envelope.ts';
import { extraFact } from './extras.ts';
import { readGuest, readIdentity, readPlatform } from './guest.ts';
import { type Hardware, readHardware } from './hardware.ts';
import { systemExtras } from './left-over.ts';
import { readNics } from './nics.ts';
import { productProperties } from './product.ts';
import { kindOf, sectionsOf } from './section.ts';
import type { SystemEntry } from './systems.ts';
import { readVirtualBox } from './virtualbox.ts';
import { textOf, type XmlElement } from './xml.ts';

/** A system as its descriptor describes it, before its images are looked at. */
export interface VmDraft {
  readonly vm: Omit<SourceVm, 'ref' | 'disks' | 'packaging'>;
  readonly disks: readonly DiskDraft[];
  readonly properties: readonly PackageProperty[];
  readonly eulas: number;
}

const NO_HARDWARE: Hardware = { items: [], config: new Map(), extraConfig: new Map(), leftOut: [], leftovers: [] };

/**
 * Reads one system. `configuration` is the deployment configuration in force, undefined where the envelope has none;
 * `fallbackName` names a system that has no name and no id.
 * @throws MigrationError `ovf-malformed`, `ovf-duplicate-id`, `image-parent-loop`, `xml-too-complex`
 */
export function readSystem(
  envelope: Envelope,
  system: SystemEntry,
  { configuration, fallbackName }: { configuration: string | undefined; fallbackName: string },
): VmDraft {
  const { element } = system;
  const stated = readHardware(element, configuration);
  const hardware = stated ?? NO_HARDWARE;
  const vbox = readVirtualBox(element);
  const sections = [...system.inherited, ...element.children];
  const properties = sections
    .filter((section) => kindOf(section) === 'ProductSection' || kindOf(section) === 'PropertySection')
    .flatMap((section) => productProperties(section, configuration));
  const controllers = readControllers(hardware);
  const drives = readDrives({ envelope, hardware, controllers, properties });
  const order = readBootOrder(element, hardware);
  const cpu = readCpu(hardware);
  const nested = cpu.nestedVirtualization ?? vbox?.nestedVirtualization;
  const hotAdd = cpu.hotAdd ?? vbox?.cpuHotPlug;
  const used = new Set([...drives.disks, ...drives.cdroms].map((drive) => drive.slot?.controller));
  const [annotation] = sectionsOf(element, 'AnnotationSection');
  return {
    vm: defined({
      name: textOf(element, 'Name') ?? stated?.systemIdentifier ?? (system.id || fallbackName),
      notes: (annotation && textOf(annotation, 'Annotation')) ?? textOf(element, 'Description'),
      cpu: { ...cpu, ...defined({ nestedVirtualization: nested, hotAdd }) },
      memory: readMemory(hardware),
      firmware: readFirmware(element, hardware, { envelope, order, vbox }),
      identity: readIdentity(element, stated, vbox),
      clock: defined({ rtc: vbox?.rtc ?? ovirtZone(element) }),
      guest: readGuest(element, vbox),
      // A USB controller is a disk controller only when a disk hangs on it.
      controllers: [...controllers.list.filter(({ kind, key }) => kind !== 'usb' || used.has(key)), ...drives.implied],
      cdroms: drives.cdroms,
      nics: readNics(hardware, vbox?.adapters ?? []),
      devices: readDevices(hardware, drives.unbacked),
      snapshots: defined({ count: vbox?.snapshots }),
      platform: readPlatform(envelope, stated),
      extras: [...systemExtras(system, stated), ...(vbox?.extras ?? [])],
    }),
    disks: drives.disks.map((disk) => ({ ...disk, ...defined({ bootOrder: disk.bootOrder ?? order.ranks.get(disk.itemId) }) })),
    properties,
    eulas: sections.filter((section) => kindOf(section) === 'EulaSection').length,
  };
}

/** oVirt writes the zone of the hardware clock: an IANA name, or for Windows guests a name of Microsoft's, which stays an extra. */
function ovirtZone(system: XmlElement): string | undefined {
  const zone = textOf(system, 'TimeZone');
  return zone !== undefined && /^[A-Za-z]+\/[A-Za-z_/+-]+\d*$/.test(zone) ? zone : undefined;
}

/** What is known about a disk after its image was looked at; no image for a blank disk. */
export interface FoundDisk {
  readonly draft: DiskDraft;
  readonly image?: ProbedImage;
  /** What the manifest promises about its files. */
  readonly digests?: readonly FileDigest[];
  /** Several systems of the envelope use it. */
  readonly shared: boolean;
}

/** Puts a system and its disks together. */
export function toVm(
  draft: VmDraft,
  found: readonly FoundDisk[],
  { refId, packaging, extras }: { refId: string; packaging: Packaging; extras: readonly ExtraFact[] },
): SourceVm {
  return {
    ...draft.vm,
    ref: { id: refId, name: draft.vm.name },
    disks: found.map(toDisk),
    packaging: {
      ...packaging,
      ...(draft.eulas === 0 ? {} : { eulas: draft.eulas }),
      ...(draft.properties.length === 0 ? {} : { properties: draft.properties }),
    },
    extras: [...draft.vm.extras, ...found.flatMap(capacityFacts), ...found.flatMap(imageFacts), ...extras],
  };
}

/** Guest-visible size of a disk: the image's own, because that is what the guest saw; the declared one for a blank disk. */
function capacityOf({ draft, image }: FoundDisk): Bytes {
  return image?.capacity ?? draft.declared ?? 0;
}

/** Where its bytes are. */
export function sourceOf(found: FoundDisk): DiskSource {
  const capacity = capacityOf(found);
  const { image, digests } = found;
  return image === undefined
    ? { kind: 'blank', capacity }
    : { kind: 'image', layers: image.layers, ...defined({ digests }), capacity };
}

function toDisk(found: FoundDisk): Disk {
  const { draft, image } = found;
  const declaredParents = draft.files.length > 1 ? draft.files.slice(1).map((file) => file.href) : undefined;
  const { key, label, slot, bootOrder } = draft;
  const stated = defined({ key, label, slot, bootOrder, file: draft.files[0]?.href, shared: found.shared || undefined });
  if (image === undefined) return { ...stated, capacity: capacityOf(found), allocated: 0, format: BLANK };
  const facts = diskFacts(image);
  return {
    ...stated,
    ...facts,
    ...defined({ allocated: facts.allocated ?? draft.populated, parents: facts.parents ?? declaredParents }),
  };
}

const BLANK: DiskFormat = { container: 'raw', variant: 'blank' };

/** A declared capacity above the image's is legal (the importer may grow the disk); the guest's disk has the image's size. */
function capacityFacts({ draft, image }: FoundDisk): readonly ExtraFact[] {
  if (image === undefined || draft.declared === undefined || draft.declared === image.capacity) return [];
  return [extraFact(`disk[${draft.key}]/ovf:capacity`, `${draft.declared} bytes declared, ${image.capacity} bytes in the image`)];
}

function imageFacts({ draft, image }: FoundDisk): readonly ExtraFact[] {
  return (image?.extras ?? []).map(({ path, value }) => ({ path: `disk[${draft.key}]/${path}`, value }));
}
