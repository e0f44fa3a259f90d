/**
 * What the scenarios with real guests share: copies of their disks to work on, the conversion by the real virt-v2v-in-place, and the boot of what came
 * out on virtio devices. Emulated, a conversion takes one to four minutes and a boot one. Not here: what is expected of them.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { ConversionProgress, VolumeKey } from '../../../src/contracts/guest-converter.ts';
import { chooseAccelerator } from '../../../src/convert/boot/accelerator.ts';
import { proveBoot } from '../../../src/convert/boot/prove.ts';
import { guestConverter } from '../../../src/convert/guest/converter.ts';
import type { BootProof } from '../../../src/model/boot-proof.ts';
import type {
  ConfiguredNic,
  ConversionDisk,
  ConversionNic,
  ConversionRequest,
  ConversionResult,
} from '../../../src/model/conversion.ts';
import type { MacAddress } from '../../../src/model/units.ts';
import { tinyVm } from '../../convert/boot/tiny-guest.ts';
import { GUEST_CARDS, GUEST_PREFIX, type GuestRecipe } from '../../peers/guests.ts';

/** A guest's disks, copied from wherever they were, with a place to work on them. */
export interface CopiedGuest {
  readonly recipe: GuestRecipe;
  /** Raw files, in the order of the guest's devices. */
  readonly disks: readonly ConversionDisk[];
  readonly folder: string;
  readonly workspace: string;
}

/** Removed when the test has ended. */
export async function copyGuest(t: TestContext, recipe: GuestRecipe, originals: readonly string[]): Promise<CopiedGuest> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-guest-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const disks = originals.map((_, at) => ({ key: `scsi0:${at}`, path: path.join(folder, `disk-${at}.img`) }));
  for (const [at, original] of originals.entries()) {
    await promisify(execFile)('cp', ['--sparse=always', '--reflink=auto', original, disks[at]?.path ?? '']);
  }
  return { recipe, disks, folder, workspace: path.join(folder, 'workspace') };
}

/** What VMware's tools report of the guest's cards. */
const NICS: readonly ConversionNic[] = GUEST_CARDS.map(({ mac, address, gateway }, at) => ({
  label: `Network adapter ${at + 1}`,
  mac: mac as MacAddress,
  guestIp: {
    dhcp: false,
    addresses: [{ address, prefix: GUEST_PREFIX, origin: 'static' }],
    ...(gateway === undefined ? {} : { gateways: [gateway] }),
  },
}));

export function conversionOf({ recipe, disks }: CopiedGuest): ConversionRequest {
  return { vm: 'guest', copy: 'first', disks, firmware: recipe.firmware, nics: NICS };
}

export const converter = guestConverter({
  cacheFolder: path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'kubeferry', 'appliance'),
});

export interface ConvertingOptions {
  readonly keys?: readonly VolumeKey[];
  readonly onProgress?: (progress: ConversionProgress) => void;
  readonly signal?: AbortSignal;
}

/** With the accelerator that this machine has. */
export async function convertGuest(guest: CopiedGuest, options: ConvertingOptions = {}): Promise<ConversionResult> {
  const { signal = AbortSignal.timeout(1_200_000), ...others } = options;
  const { name: accelerator } = await chooseAccelerator(signal);
  return await converter.convert(conversionOf(guest), { workspace: guest.workspace, accelerator, signal, ...others });
}

export interface BootingOptions {
  readonly probes?: boolean;
  readonly secureBoot?: boolean;
  readonly keys?: readonly VolumeKey[];
}

/** Boots the guest from the last of its disks, on virtio; its SSH server has to answer at the address of each card. */
export async function bootOnVirtio(
  { recipe, disks, folder }: CopiedGuest,
  { probes = true, secureBoot = false, keys = [] }: BootingOptions = {},
): Promise<BootProof> {
  const ssh = GUEST_CARDS.map(({ mac }) => ({ kind: 'tcp', port: 22, mac, banner: '^SSH-2.0-OpenSSH' }) as const);
  return await proveBoot(
    {
      vm: tinyVm({
        firmware: recipe.firmware === 'uefi' ? { efi: { secureBoot, persistent: false } } : { bios: {} },
        memory: '1Gi',
        disks: disks.map((_, at) => ({ name: `disk${at}`, disk: { bus: 'virtio' }, bootOrder: disks.length - at })),
        interfaces: GUEST_CARDS.map(({ name, mac }) => ({ name, model: 'virtio', macAddress: mac, bridge: {} })),
      }),
      disks: disks.map((disk, at) => ({ claim: `tiny-disk${at}`, path: disk.path })),
      family: 'linux',
      addresses: GUEST_CARDS.map(({ mac, address, gateway }) => ({
        mac,
        address: `${address}/${GUEST_PREFIX}`,
        ...(gateway === undefined ? {} : { gateway }),
      })),
      probes: probes ? ssh : [],
      deadlineSeconds: 600,
      limits: { cpus: 2, memoryMiB: 1024 },
      workspace: folder,
      screenshot: path.join(folder, 'screen.png'),
    },
    AbortSignal.timeout(900_000),
    keys,
  );
}

/** What every guest's files say, whatever VMware's tools told. */
export const WRITTEN_DOWN: readonly ConfiguredNic[] = GUEST_CARDS.map(({ mac, address, gateway }) => ({
  mac,
  addresses: [`${address}/${GUEST_PREFIX}`],
  gateways: gateway === undefined ? [] : [gateway],
}));

/** What a guest's cards are known to use when each has its own address back. */
export const ADDRESSES = Object.fromEntries(GUEST_CARDS.map(({ mac, address }) => [mac, [address]]));

export async function hashesOf({ disks }: CopiedGuest): Promise<readonly string[]> {
  const hashes: string[] = [];
  for (const { path: file } of disks) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file, { highWaterMark: 1_048_576 })) hash.update(chunk as Buffer);
    hashes.push(hash.digest('hex'));
  }
  return hashes;
}

/** For people who wonder where the minutes go. */
export function told(result: ConversionResult): string {
  return `converted: ${result.seconds.map(({ phase, seconds }) => `${phase} ${seconds} s`).join(', ')}`;
}
