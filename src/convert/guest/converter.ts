/** The converter that the rest of the program sees: inspection and conversion with the tools of this machine. */
import type { ConverterOptions, GuestConverter, VolumeKey } from '../../contracts/guest-converter.ts';
import type { Accelerator, ConversionRequest, ConversionResult } from '../../model/conversion.ts';
import { defined } from '../../model/defined.ts';
import { MigrationError } from '../../model/errors.ts';
import type { GuestInspection } from '../../model/guest-inspection.ts';
import { type ApplianceOptions, withTemporary } from './appliance.ts';
import { convertDisks, secondsSince, type Work } from './convert.ts';
import { type AsideResult, convertAside } from './convert-aside.ts';
import { finishGuest } from './finish/finish.ts';
import { withGuestfish } from './guestfish.ts';
import { inspectDisks, openVolumes } from './inspect.ts';
import type { Overlay } from './overlay.ts';
import { converterVersion, runVirtV2v } from './virt-v2v.ts';
import { tellWarnings } from './warnings.ts';
import { fitVirtioWin, readVirtioWin } from './windows/virtio-win.ts';

export interface GuestConverterOptions {
  /** Folder on local storage with about 1 GiB free, kept between conversions: the appliance is built there once. */
  readonly cacheFolder: string;
  /** Memory of the appliance; libguestfs's own choice (1280 MiB) when absent. */
  readonly memoryMiB?: number;
}

export interface TrialConverter extends GuestConverter {
  /** Like `convert`, but what it writes stays on overlays in the workspace. @throws MigrationError as `convert` */
  convertAside(request: ConversionRequest, options: ConverterOptions): Promise<AsideResult>;
}

export function guestConverter(settings: GuestConverterOptions): TrialConverter {
  return {
    inspect,
    convert: (request, options) => tried(request, options, (work) => convertDisks(request, options, work)),
    convertAside: (request, options) => tried(request, options, (work) => convertAside(request, options, work)),
  };

  async function inspect(request: ConversionRequest, options: ConverterOptions): Promise<GuestInspection> {
    return await withTemporary(settings, async (temporary) => {
      const disks = request.disks.map(({ path }) => ({ path, format: 'raw' as const }));
      const found = await inspectDisks(disks, {
        vm: request.vm,
        appliance: { ...settings, accelerator: options.accelerator, temporary },
        signal: options.signal,
        ...(options.keys === undefined ? {} : { keys: options.keys }),
        ...(request.root === undefined ? {} : { root: request.root }),
      });
      return await withMedia(found, request.virtioWin);
    });
  }

  async function tried<T>(
    request: ConversionRequest,
    options: ConverterOptions,
    convert: (work: Work) => Promise<T>,
  ): Promise<T> {
    const attempt = (accelerator: Accelerator, remark?: string): Promise<T> =>
      withTemporary(settings, (temporary) =>
        convert((overlays) =>
          convertOverlays(request, overlays, {
            options,
            appliance: { ...settings, accelerator, temporary },
            ...(remark === undefined ? {} : { remark }),
          }),
        ),
      );
    try {
      return await attempt(options.accelerator);
    } catch (error) {
      if (!(error instanceof MigrationError) || error.code !== 'appliance-failed') throw error;
      const wasKvm = options.accelerator === 'kvm';
      const remark = wasKvm ? 'KVM cannot be used here, so emulation was' : 'The first try broke off, and a second one did it';
      return await attempt('tcg', `${remark}: ${error.message}`);
    }
  }
}

interface Attempt {
  readonly options: ConverterOptions;
  readonly appliance: ApplianceOptions;
  readonly remark?: string;
}

async function convertOverlays(
  request: ConversionRequest,
  overlays: readonly Overlay[],
  { options, appliance, remark }: Attempt,
): Promise<Omit<ConversionResult, 'disks'>> {
  const { signal, keys = [], onProgress = () => undefined } = options;
  const session = { vm: request.vm, appliance, signal };
  const named = await namedKeys(keys, overlays, session);
  const converter = await converterVersion(signal);
  const running = runVirtV2v(request, overlays, { appliance, keys: named, onProgress, signal });
  const outcome = await running.catch(async (error: unknown) => {
    throw await namingMedia(error, request);
  });
  const began = performance.now();
  onProgress({ phase: 'network', text: 'Keeping network, console and services right' });
  const { kernels, ...finished } = await finishGuest(request, overlays, { ...session, keys: named });
  return {
    ...outcome,
    ...finished,
    accelerator: appliance.accelerator,
    converter,
    changes: [...outcome.changes, ...finished.changes],
    warnings: [
      ...(remark === undefined ? [] : [remark]),
      ...tellWarnings(outcome.warnings, defined({ kernels })),
      ...finished.warnings,
    ],
    seconds: [...outcome.seconds, secondsSince('network', began)],
  };
}

/** Says of a Windows guest whether the virtio-win that was named fits it. */
async function withMedia(found: GuestInspection, place: string | undefined): Promise<GuestInspection> {
  const system = found.systems.find(({ root }) => root === found.root?.device);
  if (place === undefined || system?.type !== 'windows' || found.drivers === undefined) return found;
  return { ...found, drivers: { ...found.drivers, media: await fitVirtioWin(place, system) } };
}

/** virt-v2v says what it wants; a person also wants to know what there is. */
async function namingMedia(error: unknown, { vm, virtioWin }: ConversionRequest): Promise<unknown> {
  if (!(error instanceof MigrationError) || error.code !== 'virtio-win-missing' || virtioWin === undefined) return error;
  const { label, disk } = await readVirtioWin(virtioWin, 'x86_64');
  const has = `${label ?? virtioWin} has disk drivers for ${disk.join(', ') || 'no release of Windows'}.`;
  return new MigrationError(error.code, `${error.message} ${has}`, { vm, file: virtioWin, cause: error });
}

/**
 * virt-v2v (up to 2.2) wants to know which volume a key is for. Keys that do not say so are tried, which starts an appliance of its own.
 * A key that opens nothing is left out.
 */
async function namedKeys(
  keys: readonly VolumeKey[],
  overlays: readonly Overlay[],
  session: { readonly vm: string; readonly appliance: ApplianceOptions; readonly signal: AbortSignal },
): Promise<readonly (VolumeKey & { readonly volume: string })[]> {
  const named = keys.flatMap(({ volume, passphrase }) => (volume === undefined ? [] : [{ volume, passphrase }]));
  const loose = keys.filter(({ volume }) => volume === undefined);
  if (loose.length === 0) return named;
  const disks = overlays.map(({ overlay }) => ({ path: overlay, format: 'qcow2' as const }));
  const found = await withGuestfish(disks, { ...session, write: false }, (guestfish) => openVolumes(guestfish, loose));
  const opened = found.flatMap(({ device, openedBy }) =>
    openedBy === undefined ? [] : [{ volume: device, passphrase: openedBy }],
  );
  return [...named, ...opened];
}
