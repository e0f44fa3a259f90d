/**
 * One run of virt-v2v-in-place on the overlays of a VM: planned as plain data, watched by the JSON messages that it writes to a descriptor
 * of ours (`--machine-readable=fd:3`, since 1.42), and explained when it fails.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ConversionProgress, VolumeKey } from '../../contracts/guest-converter.ts';
import type { ConversionRequest } from '../../model/conversion.ts';
import { MigrationError } from '../../model/errors.ts';
import { type ApplianceOptions, applianceEnvironment } from './appliance.ts';
import { domainXml } from './domain-xml.ts';
import { conversionFailure, isFatalWarning } from './failure.ts';
import { MessageWatch, type V2vOutcome } from './messages.ts';
import { macOption } from './network/windows.ts';
import type { Overlay } from './overlay.ts';
import { checkCanceled, eachLine, runProgram, startProgram } from './program.ts';
import { QUIET, watchForStall } from './stall.ts';

/** A key as a file that only we can read, to be removed after the run. */
export interface KeyFile {
  readonly volume: string;
  readonly file: string;
}

export interface V2vPlan {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Everything that is decided about a run. Pure. */
export function planVirtV2v(
  request: ConversionRequest,
  xmlFile: string,
  keyFiles: readonly KeyFile[],
  appliance: ApplianceOptions,
): V2vPlan {
  const keys = [
    ...keyFiles.map(({ volume, file }) => `${volume}:file:${file}`),
    ...(request.clevis ?? []).map((volume) => `${volume}:clevis`),
  ];
  const addresses = request.nics.map(macOption);
  return {
    argv: [
      '--machine-readable=fd:3',
      ...['-i', 'libvirtxml'],
      // `ask` lists the systems to choose from, and stops as nobody answers.
      ...['--root', request.root ?? 'ask'],
      ...keys.flatMap((key) => ['--key', key]),
      ...addresses.flatMap((address) => (address === undefined ? [] : ['--mac', address])),
      xmlFile,
    ],
    env: {
      ...applianceEnvironment(appliance),
      ...(request.virtioWin === undefined ? {} : { VIRTIO_WIN: request.virtioWin }),
    },
  };
}

export interface V2vOptions {
  readonly appliance: ApplianceOptions;
  readonly keys: readonly (VolumeKey & { readonly volume: string })[];
  readonly onProgress: (progress: ConversionProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Converts what is on the overlays. Nothing writes to them any more when it settles.
 * @throws MigrationError as GuestConverter.convert
 */
export async function runVirtV2v(
  request: ConversionRequest,
  overlays: readonly Overlay[],
  options: V2vOptions,
): Promise<V2vOutcome> {
  const { appliance, signal } = options;
  // In the temporary folder of the run: secrets have no place on storage that outlives it.
  const secrets = path.join(appliance.temporary, 'keys');
  try {
    const keyFiles = await writeKeys(secrets, options.keys);
    const xmlFile = path.join(appliance.temporary, 'domain.xml');
    await writeFile(xmlFile, domainXml(request, overlays), { mode: 0o600 });
    const plan = planVirtV2v(request, xmlFile, keyFiles, appliance);
    // After a warning that makes the conversion worthless nobody waits for its end.
    const stop = new AbortController();
    using stall = watchForStall(
      overlays.map(({ overlay }) => overlay),
      QUIET,
    );
    const program = await startProgram('virt-v2v-in-place', plan.argv, {
      env: plan.env,
      signal: AbortSignal.any([signal, stop.signal, stall.signal]),
    });
    program.stdin.end();
    const watch = new MessageWatch(options.onProgress);
    let printed = '';
    await Promise.all([
      eachLine(program.reports, (line) => {
        stall.heard();
        watch.take(line);
        if (watch.warnings.some(isFatalWarning)) stop.abort();
      }),
      eachLine(program.stdout, (line) => {
        printed = `${printed}${line}\n`.slice(-16_384);
      }),
    ]);
    const { status, stderr } = await program.ended;
    checkCanceled(signal);
    const fatal = watch.warnings.find(isFatalWarning);
    if (fatal !== undefined) throw conversionFailure(request.vm, fatal);
    if (stall.signal.aborted) throw hung(request.vm);
    if (status === undefined) throw endedFromOutside(request.vm);
    if (status !== 0) throw conversionFailure(request.vm, watch.error ?? stderr, `${stderr}\n${printed}`);
    return watch.outcome();
  } finally {
    await rm(secrets, { recursive: true, force: true });
  }
}

/** `virt-v2v-in-place 2.2.0`. @throws MigrationError `tool-missing` */
export async function converterVersion(signal: AbortSignal): Promise<string> {
  let version = '';
  await runProgram('virt-v2v-in-place', ['--version'], {
    signal,
    onLine: (line) => {
      version ||= line.trim();
    },
  });
  return version;
}

function hung(vm: string): MigrationError {
  const minutes = QUIET / 60_000;
  return new MigrationError('appliance-failed', `The converter neither said nor wrote anything for ${minutes} minutes.`, { vm });
}

function endedFromOutside(vm: string): MigrationError {
  return new MigrationError('conversion-failed', 'The converter was ended from outside.', {
    vm,
    hint: 'Most often memory ran out: give the conversion about 2 GiB, then retry the VM.',
  });
}

async function writeKeys(
  folder: string,
  keys: readonly (VolumeKey & { readonly volume: string })[],
): Promise<readonly KeyFile[]> {
  if (keys.length === 0) return [];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return await Promise.all(
    keys.map(async ({ volume, passphrase }, at) => {
      const file = path.join(folder, String(at));
      await writeFile(file, passphrase, { mode: 0o600 });
      return { volume, file };
    }),
  );
}
