/** The options about guests: what is done to them on their copied disks, and what has to be seen of them. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BootProbe, ProofTerms } from '../model/boot-proof.ts';
import type { ConversionPolicy, ConversionTerms, GuestScript } from '../model/conversion.ts';
import { MigrationError } from '../model/errors.ts';
import type { GuestChoice, GuestTerms } from '../model/guest-terms.ts';
import { KiB } from '../model/units.ts';

export interface GuestFlags {
  readonly guest: readonly Meant<ConversionPolicy>[];
  readonly guestRoot: readonly Meant<string>[];
  readonly guestKeys?: string;
  readonly guestClevis?: readonly string[];
  readonly virtioWin?: string;
  readonly guestRun?: readonly string[];
  readonly guestFirstBoot?: readonly string[];
  readonly inspect: boolean;
  readonly prove: 'boot' | 'none';
  readonly probe?: readonly BootProbe[];
  readonly proveWithin?: number;
}

/** A word for one VM, or for all that have none of their own. */
interface Meant<T extends string> {
  readonly vm?: string;
  readonly value: T;
}

const POLICIES: ReadonlySet<string> = new Set<ConversionPolicy>(['convert', 'skip', 'compatibility', 'none']);
const GROUP = 'Guests:';
const LONGEST_SCRIPT = 64 * KiB;

export function addGuestOptions(command: Command): Command {
  const option = (flags: string, text: string): Option => new Option(flags, text).helpGroup(GROUP);
  return command
    .addOption(
      option(
        '--guest <[vm=]policy>',
        'convert: virtio drivers are put in; skip: they are there, which is looked for; compatibility: sata and e1000e instead; none: nobody looks; repeatable',
      )
        .argParser(collectPolicy)
        .default([], 'convert'),
    )
    .addOption(
      option(
        '--guest-root <[vm=]device>',
        'root file system where several systems are on the disks, such as /dev/sdb2; repeatable',
      )
        .argParser(collectRoot)
        .default([], 'the only one'),
    )
    .addOption(option('--guest-keys <file>', 'passphrases of encrypted volumes, a line each: PASSPHRASE or /dev/sda2=PASSPHRASE'))
    .addOption(
      option('--guest-clevis <volume>', 'encrypted volume that Clevis opens by network, or all; repeatable').argParser(collect),
    )
    .addOption(option('--virtio-win <path>', 'virtio-win folder or ISO image, for Windows guests'))
    .addOption(
      option('--guest-run <file>', 'script that runs in the guest while it is converted (Linux); repeatable').argParser(collect),
    )
    .addOption(
      option('--guest-first-boot <file>', 'script that runs when the guest boots for the first time; repeatable').argParser(
        collect,
      ),
    )
    .addOption(
      option(
        '--inspect',
        'look into the guests of local images before anything is decided; about a minute each without KVM',
      ).default(false),
    )
    .addOption(option('--prove <how>', 'boot: a migrated guest has to be seen to boot').choices(['boot', 'none']).default('boot'))
    .addOption(
      option(
        '--probe <question>',
        'that the booted guest has to answer: tcp:22, http:8080/health, script:FILE:PORT; repeatable',
      ).argParser(collectProbe),
    )
    .addOption(option('--prove-within <seconds>', 'for the boot and all probes, 10–86400').argParser(parseSeconds));
}

/** @throws MigrationError `config-invalid` for a script that cannot be read, or is too long */
export async function guestTerms(flags: GuestFlags): Promise<GuestTerms> {
  const scripts = [
    ...(await readScripts(flags.guestRun, 'conversion')),
    ...(await readScripts(flags.guestFirstBoot, 'first-boot')),
  ];
  const choice = (policy: ConversionPolicy, root: string | undefined): GuestChoice => {
    const proof = proofOf(flags, policy);
    return { conversion: conversionOf(flags, { policy, root, scripts }), ...(proof !== undefined && { proof }) };
  };
  const others = forAll(flags.guest) ?? 'convert';
  const root = forAll(flags.guestRoot);
  const named = new Set([...flags.guest, ...flags.guestRoot].flatMap(({ vm }) => vm ?? []));
  const byVm = [...named].map(
    (vm) => [vm, choice(forOne(flags.guest, vm) ?? others, forOne(flags.guestRoot, vm) ?? root)] as const,
  );
  return { others: choice(others, root), byVm: new Map(byVm) };
}

function forAll<T extends string>(words: readonly Meant<T>[]): T | undefined {
  return words.findLast(({ vm }) => vm === undefined)?.value;
}

function forOne<T extends string>(words: readonly Meant<T>[], name: string): T | undefined {
  return words.findLast(({ vm }) => vm === name)?.value;
}

interface Asked {
  readonly policy: ConversionPolicy;
  readonly root: string | undefined;
  readonly scripts: readonly GuestScript[];
}

function conversionOf(flags: GuestFlags, { policy, root, scripts }: Asked): ConversionTerms {
  if (policy === 'none' || policy === 'compatibility') return { policy };
  const { guestKeys, guestClevis, virtioWin } = flags;
  const looks = {
    policy,
    ...(root !== undefined && { root }),
    ...(guestKeys !== undefined && { keys: path.resolve(guestKeys) }),
    ...(guestClevis !== undefined && { clevis: guestClevis }),
  };
  if (policy === 'skip') return looks;
  return {
    ...looks,
    ...(virtioWin !== undefined && { virtioWin: path.resolve(virtioWin) }),
    ...(scripts.length > 0 && { scripts }),
  };
}

function proofOf({ prove, probe = [], proveWithin }: GuestFlags, policy: ConversionPolicy): ProofTerms | undefined {
  if (prove === 'none' || policy === 'none') return undefined;
  return { probes: probe, ...(proveWithin !== undefined && { deadlineSeconds: proveWithin }) };
}

async function readScripts(files: readonly string[] = [], when: GuestScript['when']): Promise<readonly GuestScript[]> {
  return await Promise.all(
    files.map(async (file) => {
      const name = path.basename(file).replaceAll(/[^\w.-]/g, '_');
      const text = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw new MigrationError('config-invalid', `The script ${file} cannot be read.`, { file, cause });
      });
      if (Buffer.byteLength(text) <= LONGEST_SCRIPT) return { name, when, text };
      throw new MigrationError('config-invalid', `The script ${file} is longer than 64 KiB.`, { file });
    }),
  );
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** The name of a VM may hold `=`: the last one counts. */
function meant(text: string): Meant<string> {
  const at = text.lastIndexOf('=');
  return at <= 0 ? { value: text } : { vm: text.slice(0, at), value: text.slice(at + 1) };
}

function collectPolicy(text: string, earlier: readonly Meant<ConversionPolicy>[]): readonly Meant<ConversionPolicy>[] {
  const { value, ...about } = meant(text);
  if (!isPolicy(value)) throw new InvalidArgumentError('convert, skip, compatibility or none, or VM=one of them.');
  return [...earlier, { ...about, value }];
}

function isPolicy(text: string): text is ConversionPolicy {
  return POLICIES.has(text);
}

function collectRoot(text: string, earlier: readonly Meant<string>[]): readonly Meant<string>[] {
  const word = meant(text);
  // A subvolume of btrfs is a root of its own to libguestfs: btrfsvol:/dev/sda1/@rootfs.
  if (!/^(?:btrfsvol:)?\/dev\/[\w/.+@-]{1,200}$/.test(word.value))
    throw new InvalidArgumentError('A device such as /dev/sdb2, or VM=/dev/sdb2.');
  return [...earlier, word];
}

function collectProbe(text: string, earlier: readonly BootProbe[] = []): readonly BootProbe[] {
  const probe = parseProbe(text);
  if (probe === undefined) throw new InvalidArgumentError('tcp:PORT, http:PORT/path or script:FILE:PORT[,PORT].');
  return [...earlier, probe];
}

function parseProbe(text: string): BootProbe | undefined {
  const [, kind, rest = ''] = /^(tcp|http|script):(.+)$/.exec(text) ?? [];
  if (kind === 'script') {
    const [, file, list = ''] = /^(.+):([\d,]+)$/.exec(rest) ?? [];
    const ports = list.split(',').map(portOf);
    if (file === undefined || !ports.every((port) => port !== undefined)) return undefined;
    return { kind, path: path.resolve(file), ports };
  }
  const [, digits = '', tail = ''] = /^(\d+)(\/.*)?$/.exec(rest) ?? [];
  const port = portOf(digits);
  if (port === undefined) return undefined;
  if (kind === 'tcp') return tail === '' ? { kind, port } : undefined;
  return kind === 'http' ? { kind, port, ...(tail !== '' && { path: tail }) } : undefined;
}

function portOf(text: string): number | undefined {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 10 || seconds > 86_400) throw new InvalidArgumentError('Seconds from 10 to 86400.');
  return seconds;
}
