/** What the plans of this folder want to know of a Linux guest: questions to a session in which it is mounted at /. */
import { type Guestfish, quoted } from '../guestfish.ts';
import { CLOUD_FILES } from '../network/cloud-init.ts';
import { CONSOLE_FILES } from './console.ts';
import type { GuestText } from './edit.ts';
import type { InitFacts } from './first-boot.ts';
import { AGENT_UNITS, type AgentFacts, CHRONY_FILES, type ClockFacts } from './services.ts';
import { nameOf, TOOL_UNITS, type ToolFacts } from './tools.ts';

export interface LinuxFacts {
  readonly init: InitFacts;
  readonly boot: readonly GuestText[];
  readonly tools: ToolFacts;
  readonly agent: AgentFacts;
  readonly clock: ClockFacts;
  /** Configuration of cloud-init. */
  readonly cloud: readonly GuestText[];
  /** Kernels that a boot loader can start; rescue kernels are none. */
  readonly kernels: number;
  /** VMware tools were there and are gone: the converter removes packages that it knows. */
  readonly toolsRemoved: boolean;
}

const MAX_FILES = 64;
const MAX_LINKS = 1_000;
const MAX_BYTES = 262_144;
const UNIT_FOLDERS = '/{etc,usr/lib,lib}/systemd/system';

export async function readLinuxFacts(session: Guestfish): Promise<LinuxFacts> {
  const enabled = await readLinks(session, ['/etc/systemd/system/*', '/etc/systemd/system/*.wants/*']);
  const startLinks = await paths(session, ['/etc/rc[2-5].d/S*', '/etc/init.d/rc[2-5].d/S*'], MAX_LINKS);
  return {
    init: await readInit(session),
    boot: await readTexts(session, CONSOLE_FILES),
    tools: {
      units: await readUnits(session, TOOL_UNITS),
      startLinks,
      upstartJobs: await paths(session, ['/etc/init/*.conf'], MAX_LINKS),
      fstab: (await readTexts(session, ['/etc/fstab']))[0]?.text ?? '',
    },
    agent: {
      units: await readUnits(session, AGENT_UNITS),
      installed: (await paths(session, ['/usr/{bin,sbin}/qemu-ga'])).length > 0,
      expected: await isExpected(session),
      enabled,
    },
    clock: { enabled, startLinks, chrony: await readTexts(session, CHRONY_FILES) },
    cloud: await readTexts(session, CLOUD_FILES),
    kernels: await countKernels(session),
    toolsRemoved: await areRemoved(session),
  };
}

async function readInit(session: Guestfish): Promise<InitFacts> {
  const systemd = (await paths(session, ['/{usr/lib,lib}/systemd/systemd'])).length > 0;
  for (const folder of ['/etc/init.d', '/etc']) {
    if (await session.is(`is-dir ${folder}/rc3.d followsymlinks:true`)) return { systemd, runLevels: folder };
  }
  return { systemd };
}

/** The first of each name: /lib may be the same folder as /usr/lib, and what is in /etc wins. */
async function readUnits(session: Guestfish, names: readonly string[]): Promise<readonly GuestText[]> {
  const first = new Map<string, string>();
  // Their names hold backslashes, which patterns would take for their own.
  const pattern = names.map((name) => name.replaceAll('\\', '\\\\')).join(',');
  for (const path of await paths(session, [`${UNIT_FOLDERS}/{${pattern}}`])) {
    if (!first.has(nameOf(path))) first.set(nameOf(path), path);
  }
  return await textsAt(session, [...first.values()]);
}

async function isExpected(session: Guestfish): Promise<boolean> {
  for (const path of await paths(session, ['/usr/lib/virt-sysprep/scripts/*'])) {
    if ((await session.ask(`grep qemu-guest-agent ${quoted(path)}`)).trim() !== '') return true;
  }
  return false;
}

async function countKernels(session: Guestfish): Promise<number> {
  const found = await paths(session, ['/boot/{vmlinuz,vmlinux,kernel}-*']);
  return found.filter((path) => !path.includes('-rescue-')).length;
}

async function areRemoved(session: Guestfish): Promise<boolean> {
  const left = await paths(session, ['/etc/vmware-tools', '/usr/bin/{vmtoolsd,vmware-uninstall-tools.pl}']);
  return left.length === 1 && (left[0] ?? '').startsWith('/etc/vmware-tools');
}

async function readTexts(session: Guestfish, patterns: readonly string[]): Promise<readonly GuestText[]> {
  return await textsAt(session, await paths(session, patterns));
}

async function textsAt(session: Guestfish, places: readonly string[]): Promise<readonly GuestText[]> {
  const texts: GuestText[] = [];
  for (const path of places) {
    const place = quoted(path);
    // Links are not followed: they may lead to anything in the guest.
    if (!(await session.is(`is-file ${place}`))) continue;
    if (Number(await session.ask(`filesize ${place}`)) > MAX_BYTES) continue;
    // guestfish ends what it prints with a line of its own.
    const text = (await session.ask(`cat ${place}`)).slice(0, -1);
    if (!text.includes('\0') && !text.includes('\ufffd')) texts.push({ path, text });
  }
  return texts;
}

async function readLinks(session: Guestfish, patterns: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const links = new Map<string, string>();
  for (const path of await paths(session, patterns, MAX_LINKS)) {
    if (path.endsWith('/')) continue;
    const target = (await session.ask(`readlink ${quoted(path)}`)).trim();
    if (target !== '') links.set(path, target);
  }
  return links;
}

async function paths(session: Guestfish, patterns: readonly string[], limit = MAX_FILES): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pattern of patterns) found.push(...(await session.lines(`glob-expand ${quoted(pattern)}`)));
  return [...new Set(found)].sort().slice(0, limit);
}
