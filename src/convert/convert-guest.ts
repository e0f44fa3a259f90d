/**
 * src/convert: guests on finished copies (guest/ looks into them and converts them), and the proof that they boot (boot/). The files here put the
 * two into the words of a migration; where the disks are is known by whoever calls: this machine, or a worker beside its claims.
 */
import type { ConverterOptions, GuestConverter } from '../contracts/guest-converter.ts';
import type { ChangeHasher } from '../contracts/verification.ts';
import type { ConversionRequest, ConvertedDisk, GuestOutcome } from '../model/conversion.ts';
import { MigrationError } from '../model/errors.ts';
import { readiness, systemOf } from '../model/guest-readiness.ts';
import { configuredNics } from './guest/network/configured.ts';
import { newRoots } from './new-roots.ts';

export interface GuestParts {
  readonly converter: GuestConverter;
  readonly hasher: ChangeHasher;
}

/**
 * Converts a guest, or looks whether it needs no conversion. Disks that were proven when they were copied get the root hash of what they hold now.
 * @throws MigrationError as GuestConverter, as DiskHasher.rootOf, and `guest-drivers-missing`
 */
export async function convertGuest(
  request: ConversionRequest,
  policy: GuestOutcome['policy'],
  { converter, hasher, ...options }: GuestParts & ConverterOptions,
): Promise<GuestOutcome> {
  if (policy === 'skip') return await lookOnly(request, { converter, ...options });
  const roots = newRoots(request, { hasher, ...options });
  const { disks, warnings, ...result } = await converter.convert(request, { ...options, beforeCommit: roots.takeHashes });
  const converted: ConvertedDisk[] = [];
  const slow: string[] = [];
  for (const change of disks) {
    const { key, changed } = change;
    if (changed.length === 0) continue;
    options.onProgress?.({ phase: 'commit', text: `Hashing disk ${key} as it is now` });
    const bytes = changed.reduce((sum, { length }) => sum + length, 0);
    const now = await roots.rootOf(change);
    converted.push({ disk: key, changed: bytes, ...(now !== undefined && { root: now.root }) });
    if (now?.wholeBecause !== undefined) slow.push(`Disk ${key} was read as a whole for its new hash: ${now.wholeBecause}.`);
  }
  await roots.dropHashes();
  return { ...result, warnings: [...warnings, ...slow], policy, copy: request.copy, disks: converted };
}

/** A guest that is said to be ready is looked into: nobody is believed. @throws MigrationError as GuestConverter.inspect, `guest-drivers-missing` */
export async function lookOnly(
  request: ConversionRequest,
  { converter, ...options }: Pick<GuestParts, 'converter'> & ConverterOptions,
): Promise<GuestOutcome> {
  const began = performance.now();
  options.onProgress?.({ phase: 'inspect', text: 'Looking for virtio drivers in the guest' });
  const inspection = await converter.inspect(request, options);
  const { ready, because } = readiness(inspection, request.firmware);
  if (!ready) {
    throw new MigrationError('guest-drivers-missing', `${request.vm} is not ready without a conversion: ${because.join('; ')}.`, {
      vm: request.vm,
    });
  }
  const system = systemOf(inspection);
  const isLinux = system?.type === 'linux';
  return {
    policy: 'skip',
    copy: request.copy,
    accelerator: options.accelerator,
    ...(system?.product !== undefined && { guest: system.product }),
    changes: [],
    warnings: [...because],
    ...(isLinux && { configured: configuredNics(inspection.network, request.nics) }),
    // Nobody knows what is in a guest whose packages cannot be listed.
    ...(inspection.applicationCount > 0 && {
      agent: inspection.tools.includes('qemu-guest-agent') ? ('present' as const) : ('absent' as const),
    }),
    seconds: [{ phase: 'inspect', seconds: Math.round((performance.now() - began) / 100) / 10 }],
    disks: [],
  };
}
