/** The part of the doctor that asks a host who it is: PowerShell, Hyper-V, rights, versions. */
import type { Check } from '../../src/contracts/provider.ts';
import { attempt, type Finding } from '../../src/net/check.ts';
import type { Remote } from './remote.ts';
import type { Host } from './scripts/host-answer.ts';
import { explain } from './trouble.ts';

/** Windows Server 2016 and Windows 10 1607 brought resilient change tracking. */
const FIRST_BUILD = 14_393;

/** @returns whether the rest can be tested */
export async function* lookAtHost(remote: Remote, signal: AbortSignal): AsyncGenerator<Check, boolean> {
  let host: Host | undefined;
  yield await attempt({ id: 'shell', label: 'Shell and PowerShell' }, signal, async () => {
    const started = performance.now();
    host = await ask(remote, signal);
    const took = `a script answered in ${Math.round(performance.now() - started)} ms`;
    return powershell(host, took);
  });
  if (host === undefined) return false;
  yield { id: 'module', label: 'Hyper-V', ...moduleOf(host) };
  if (!host.hyperv) return false;
  yield { id: 'rights', label: 'Rights', ...rights(host) };
  yield { id: 'versions', label: 'Versions', ...versions(host) };
  return true;
}

type Found = Exclude<Finding, string>;

async function ask(remote: Remote, signal: AbortSignal): Promise<Host> {
  try {
    return await remote.run('host', {}, signal);
  } catch (error) {
    throw explain(error, { what: `${remote.host} cannot be asked what it is`, file: remote.host });
  }
}

function powershell({ powershell: version }: Host, took: string): Finding {
  if (typeof version !== 'string') return took;
  const finding = `${took}; PowerShell ${version}`;
  if (Number.parseFloat(version) >= 5.1) return finding;
  return { outcome: 'failed', finding, todo: 'Install Windows Management Framework 5.1 on the host; the scripts need it.' };
}

function moduleOf({ hyperv, name }: Host): Found {
  if (hyperv) return { outcome: 'ok', finding: `${name} has the role and its PowerShell module` };
  return {
    outcome: 'failed',
    finding: `${name} runs no Hyper-V, or lacks its PowerShell module`,
    todo: 'Name a host with the role; the module: Install-WindowsFeature Hyper-V-PowerShell.',
  };
}

function rights({ user, isAdministrator, isHyperVAdministrator }: Host): Found {
  const who = user ?? 'the account';
  if (isAdministrator === true) return { outcome: 'ok', finding: `${who} is an administrator of the host` };
  if (isHyperVAdministrator === true) {
    return {
      outcome: 'warning',
      finding: `${who} is a Hyper-V administrator, but no administrator of the host`,
      todo: 'That is enough for Hyper-V, but administrative shares (C$) stay closed: share the folders of the disks to the account, or to --share-user, for reading.',
    };
  }
  if (isAdministrator !== false && isHyperVAdministrator !== false)
    return { outcome: 'skipped', finding: 'the host does not say what the account may do' };
  return {
    outcome: 'failed',
    finding: `${who} may not use Hyper-V`,
    todo: "On each host: Add-LocalGroupMember -Group 'Hyper-V Administrators' -Member …, and the same for 'Remote Management Users'; or 'Administrators'.",
  };
}

function versions({ product, version, vmVersions }: Host): Found {
  const newest = vmVersions?.at(-1);
  const finding = [
    `${product ?? 'Windows'} ${version}`,
    ...(newest === undefined ? [] : [`VM configurations up to ${newest}`]),
  ].join(', ');
  const [major = 0, , build = 0] = version.split('.').map(Number);
  if (major > 10 || (major === 10 && build >= FIRST_BUILD)) return { outcome: 'ok', finding };
  return {
    outcome: 'warning',
    finding: `${finding}: changes of disks are not counted`,
    todo: 'Migrate cold; warm migrations need Windows Server 2016 or newer.',
  };
}
