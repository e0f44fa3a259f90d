/** A VMX and its disks' headers become a SourceVm. Pure. */
import { basename } from 'node:path';
import { defined } from '../../../src/model/defined.ts';
import type { Disk, ExtraFact, Slot, SourceVm } from '../../../src/model/vm.ts';
import { diskFacts } from '../image/disk-facts.ts';
import { extraFact, WITHHELD } from '../ovf/extras.ts';
import type { ProbedImage } from '../seam.ts';
import { readDevices } from './devices.ts';
import { type Drive, listControllers, sharingOf } from './drives.ts';
import { readClock, readCpu, readFirmware, readGuest, readIdentity, readMemory } from './hardware.ts';
import { readNics } from './nics.ts';
import type { VmxValues } from './values.ts';

export interface VmxParts {
  /** Absolute path of the .vmx: the VM's id. */
  readonly path: string;
  readonly values: VmxValues;
  readonly drives: readonly Drive[];
  /** Headers by drive key. */
  readonly images: ReadonlyMap<string, ProbedImage>;
  /** The .vmsd beside it, when there is one. */
  readonly snapshots?: VmxValues;
}

/** VMware's own bookkeeping: window positions, log names, paging, versions of its file format. */
const NOISE =
  /^(\.encoding|config\.version|displayname|cleanshutdown|softpoweroff|gui\.|migrate\.|vmotion\.|replay\.|sched\.swap\.derivedname|monitor\.phys_bits_used|toolsinstallmanager\.|tools\.remindinstall|vmxstats\.|pcibridge\d)/;

/** Key bundles of encrypted VMs and what cloud-init gives to the guest. */
const SECRETS = /^(encryption\.|datafilekey|guestinfo\.(userdata|metadata|vendordata|ovfenv)|remotedisplay\.vnc\.)/i;

export function toVm(parts: VmxParts): SourceVm {
  const { path, values, drives, images } = parts;
  const descriptor = basename(path);
  const name = values.text('displayname') ?? descriptor.replace(/\.vm(x|tx)$/i, '');
  const facts = {
    cpu: readCpu(values),
    memory: readMemory(values),
    firmware: readFirmware(values),
    identity: readIdentity(values),
    clock: readClock(values),
    guest: readGuest(values),
    controllers: listControllers(values, drives),
    disks: readDisks(parts),
    cdroms: drives
      .filter(({ kind }) => kind === 'cdrom')
      .map((drive) =>
        defined({
          key: drive.key,
          slot: slotOf(drive),
          media: drive.file,
          connected: values.flag(`${drive.key}.startconnected`),
        }),
      ),
    nics: readNics(values),
    devices: readDevices(values, drives),
    snapshots: readSnapshots(parts.snapshots),
    platform: defined({ vendor: 'vmware' as const, hardwareVersion: hardwareVersion(values) }),
    packaging: { kind: 'vmx', descriptor },
  } as const;
  return {
    ref: { id: path, name },
    name,
    ...defined({ power: powerOf(values), notes: values.text('annotation') }),
    ...(/\.vmtx$/i.test(path) && { isTemplate: true }),
    ...facts,
    // Last: every reader above has taken what it knows.
    extras: [...imageExtras(images), ...vmxExtras(values)],
  };
}

const MODES = {
  persistent: 'persistent',
  'independent-persistent': 'independent-persistent',
  'independent-nonpersistent': 'independent-nonpersistent',
  nonpersistent: 'independent-nonpersistent',
} as const;

function slotOf({ controller, unit }: Drive): Slot {
  return { controller, unit };
}

function readDisks({ values, drives, images }: VmxParts): readonly Disk[] {
  const order = (values.text('bios.hddorder') ?? '').toLowerCase().split(/[,\s]+/);
  const showsSerial = values.flag('disk.enableuuid') === true;
  return drives
    .filter(({ kind }) => kind === 'disk')
    .flatMap((drive, index) => {
      const image = images.get(drive.key);
      if (image === undefined) return [];
      const { key } = drive;
      const facts = diskFacts(image);
      const rank = order.indexOf(key);
      return {
        ...facts,
        key,
        label: `Hard disk ${index + 1}`,
        slot: slotOf(drive),
        ...defined({
          file: drive.file,
          bootOrder: rank < 0 ? undefined : rank + 1,
          mode: values.word(`${key}.mode`, MODES),
          shared: sharedOf(values, drive),
          serial: showsSerial ? image.uuid?.replaceAll('-', '') : undefined,
          changeTracking: values.flag(`${key}.ctkenabled`) ?? facts.changeTracking,
        }),
      };
    });
}

/** A disk may be opened by several VMs when it says so, or when its whole bus does. */
function sharedOf(values: VmxValues, { key, controller }: Drive): boolean | undefined {
  const own = values.word(`${key}.sharing`, { 'multi-writer': true, none: false });
  const bus = sharingOf(controller, values);
  return own === true || bus === undefined ? own : bus !== 'none';
}

/** An empty or missing list says nothing about disks that were snapshotted by hand, so a missing one stays unknown. */
function readSnapshots(vmsd: VmxValues | undefined): SourceVm['snapshots'] {
  if (vmsd === undefined) return {};
  return defined({
    count: vmsd.whole('snapshot.numsnapshots') ?? (vmsd.keys().some((key) => key.startsWith('snapshot')) ? undefined : 0),
    consolidationNeeded: vmsd.flag('snapshot.needconsolidate'),
  });
}

/** The file of a running VM looks like that of a crashed one; only a suspended and a cleanly stopped VM say what they are. */
function powerOf(values: VmxValues): SourceVm['power'] {
  if (values.text('checkpoint.vmstate') !== undefined) return 'suspended';
  return values.flag('cleanshutdown') === true ? 'off' : undefined;
}

function hardwareVersion(values: VmxValues): string | undefined {
  const version = values.whole('virtualhw.version');
  return version === undefined ? undefined : `vmx-${String(version).padStart(2, '0')}`;
}

function imageExtras(images: ReadonlyMap<string, ProbedImage>): readonly ExtraFact[] {
  return [...images].flatMap(([key, { extras = [] }]) => extras.map(({ path, value }) => extraFact(`${key}/${path}`, value)));
}

function vmxExtras(values: VmxValues): readonly ExtraFact[] {
  // A VM that was not shut down cleanly may run elsewhere.
  const unclean = values.flag('cleanshutdown') === false ? [{ path: 'vmx/cleanShutdown', value: 'FALSE' }] : [];
  const left = values
    .left()
    .filter(({ key, value }) => value !== '' && !isNoise(values, key.toLowerCase()))
    .map(({ key, value }) => (SECRETS.test(key) ? { path: `vmx/${key}`, value: WITHHELD } : extraFact(`vmx/${key}`, value)));
  return [...unclean, ...left];
}

/** Settings of a device that is not there mean nothing. */
function isNoise(values: VmxValues, key: string): boolean {
  const device = /^([a-z_]+\d*(?::\d+)?)\./.exec(key)?.[1];
  return NOISE.test(key) || (device !== undefined && values.flag(`${device}.present`) === false);
}
