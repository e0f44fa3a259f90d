/**
 * One run of virt-v2v-in-place on the overlays of a VM: planned as plain data, watched by the JSON messages that it writes to a descriptor
 * of ours (`--machine-readable=fd:3`, since 1.42), and explained when it fails.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ConversionProgress, VolumeKey } from '../../contracts/guest-converter.ts';
import type { Accelerator, ConversionChange, ConversionPhase, ConversionRequest } from '../../model/conversion.ts';
import { MigrationError } from '../../model/errors.ts';
import { domainXml } from './domain-xml.ts';
import { conversionFailure, isFatalWarning } from './failure.ts';
import { macOption } from './network/windows.ts';
import type { Overlay } from './overlay.ts';
import { checkCanceled, eachLine, runProgram, startProgram } from './program.ts';

/** How libguestfs is to work: where its appliance is kept between runs, and how much memory that has. */
export interface ApplianceOptions {
  readonly accelerator: Accelerator;
  /** Folder on local storage with about 1 GiB free; libguestfs builds its appliance there once and keeps it. */
  readonly cacheFolder: string;
  /** Folder with a short path for sockets and small files: the names of sockets have at most 107 bytes. */
  readonly temporary: string;
  /** 1280 when absent; relabelling large file systems under SELinux needs more. */
  readonly memoryMiB?: number;
}

/** The environment of every program that uses libguestfs. */
export function applianceEnvironment(options: ApplianceOptions): Readonly<Record<string, string>> {
  return {
    LIBGUESTFS_BACKEND: 'direct',
    LIBGUESTFS_BACKEND_SETTINGS: options.accelerator === 'tcg' ? 'force_tcg' : 'force_kvm',
    LIBGUESTFS_CACHEDIR: options.cacheFolder,
    LIBGUESTFS_TMPDIR: options.temporary,
    TMPDIR: options.temporary,
    XDG_RUNTIME_DIR: options.temporary,
    ...(options.memoryMiB === undefined ? {} : { LIBGUESTFS_MEMSIZE: String(options.memoryMiB) }),
  };
}

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

export interface V2vOutcome {
  readonly guest?: string;
  readonly changes: readonly ConversionChange[];
  readonly warnings: readonly string[];
  readonly seconds: readonly { readonly phase: ConversionPhase; readonly seconds: number }[];
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
    const program = await startProgram('virt-v2v-in-place', plan.argv, { env: plan.env, signal });
    program.stdin.end();
    const watch = new MessageWatch(options.onProgress);
    let printed = '';
    await Promise.all([
      eachLine(program.reports, (line) => watch.take(line)),
      eachLine(program.stdout, (line) => {
        printed = `${printed}${line}\n`.slice(-16_384);
      }),
    ]);
    const { status, stderr } = await program.ended;
    checkCanceled(signal);
    if (status === undefined) throw endedFromOutside(request.vm);
    const fatal = watch.warnings.find(isFatalWarning);
    if (status !== 0) throw conversionFailure(request.vm, watch.error ?? stderr, `${stderr}\n${printed}`);
    if (fatal !== undefined) throw conversionFailure(request.vm, fatal);
    return watch.outcome();
  } finally {
    await rm(secrets, { recursive: true, force: true });
  }
}

/** A folder for one run, removed when the work has ended, however it ends. */
export async function withTemporary<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kf-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
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

/** Its steps in our words; what none of them begins is a part of the last one. */
const PHASES: readonly (readonly [RegExp, ConversionPhase])[] = [
  [/^(Setting up|Opening) the source/, 'open'],
  [/^Inspecting the source|^Checking for sufficient free disk space/, 'inspect'],
  [/^Converting /, 'convert'],
  [/^Mapping filesystem data|^Closing the overlay|^Checking if the guest needs|^Finishing off/, 'finish'],
];

const MAX_REMARKS = 100;
const REMARK_LIMIT = 2_000;

/** Reads the messages of a run as they come. */
export class MessageWatch {
  readonly warnings: string[] = [];
  error: string | undefined;
  readonly #onProgress: (progress: ConversionProgress) => void;
  readonly #now: () => number;
  readonly #seconds: { phase: ConversionPhase; seconds: number }[] = [];
  readonly #infos: string[] = [];
  #phase: ConversionPhase = 'open';
  #since: number;
  #guest: string | undefined;

  constructor(onProgress: (progress: ConversionProgress) => void, now: () => number = () => performance.now()) {
    this.#onProgress = onProgress;
    this.#now = now;
    this.#since = now();
  }

  take(line: string): void {
    const message = readMessage(line);
    if (message === undefined) return;
    const { type, text } = message;
    if (type === 'error') this.error = text;
    if (type === 'warning' && this.warnings.length < MAX_REMARKS) this.warnings.push(flat(text));
    if (type === 'info' && this.#infos.length < MAX_REMARKS) this.#infos.push(flat(text));
    if (type === 'message') this.#step(text);
  }

  outcome(): V2vOutcome {
    this.#close();
    const guest = this.#guest;
    const system: ConversionChange = {
      subject: 'system',
      what: 'virt-v2v made drivers, boot loader and initial RAM disk ready for virtio devices.',
    };
    const told = this.#infos.map((what): ConversionChange => ({ subject: /agent/i.test(what) ? 'tools' : 'system', what }));
    return {
      ...(guest === undefined ? {} : { guest }),
      changes: [system, ...told],
      warnings: this.warnings,
      seconds: this.#seconds,
    };
  }

  #step(text: string): void {
    const phase = PHASES.find(([begins]) => begins.test(text))?.[1];
    if (phase !== undefined && phase !== this.#phase) {
      this.#close();
      this.#phase = phase;
    }
    const guest = /^Converting (.+) to run on KVM$/.exec(text)?.[1];
    if (guest !== undefined && guest !== 'the guest') this.#guest = flat(guest);
    this.#onProgress({ phase: this.#phase, text: flat(text) });
  }

  #close(): void {
    const now = this.#now();
    this.#seconds.push({ phase: this.#phase, seconds: Math.round((now - this.#since) / 100) / 10 });
    this.#since = now;
  }
}

function readMessage(line: string): { readonly type: string; readonly text: string } | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { type, message } = parsed as Readonly<Record<string, unknown>>;
  return typeof type === 'string' && typeof message === 'string' ? { type, text: message } : undefined;
}

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, REMARK_LIMIT);
}
