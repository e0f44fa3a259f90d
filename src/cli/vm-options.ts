/** The options that decide how VMs look and live on the target, beside those for their size. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { HugepageSize, MachineType, RunStrategy } from '../model/manifest.ts';
import type { MappingOptions } from '../model/mapping.ts';
import { templateFault } from '../model/name-template.ts';
import { isTimeZone } from '../model/time-zone.ts';

export interface VmFlags {
  readonly cpuModel?: string;
  readonly machineType?: MachineType;
  readonly timezone?: string;
  readonly dedicatedCpus?: 'as-source' | 'all';
  readonly hugepages?: HugepageSize;
  readonly reservations?: number | true;
  readonly instancetypes?: 'exact' | 'nearest';
  readonly allocation?: 'thin' | 'as-source' | 'full';
  readonly passthroughDisks?: 'copy' | 'lun' | 'refuse';
  readonly placementRules?: 'preferred' | 'required';
  readonly runStrategy?: RunStrategy;
  readonly vmNames?: string;
  readonly claimNames?: string;
  readonly nicNames?: string;
}

export function addVmOptions(command: Command): Command {
  return command
    .addOption(option('--cpu-model <name>', 'host-model, host-passthrough or a model that all nodes share').argParser(parseModel))
    .addOption(option('--machine-type <type>', 'q35 or a version of it, such as pc-q35-rhel9.6.0').argParser(parseMachine))
    .addOption(option('--timezone <zone>', 'hardware clock of Windows guests whose source does not say').argParser(parseZone))
    .addOption(option('--dedicated-cpus <which>', 'processors for one VM alone').choices(['as-source', 'all']))
    .addOption(option('--hugepages <size>', 'memory from huge pages, where it is a multiple of one').choices(['2Mi', '1Gi']))
    .addOption(
      option('--reservations [mhz]', 'carry reservations and limits over; so many MHz count as one core').argParser(parseMhz),
    )
    .addOption(option('--instancetypes <how>', 'size from the u1 instance types of the cluster').choices(['exact', 'nearest']))
    .addOption(option('--allocation <kind>', 'space of volumes').choices(['thin', 'as-source', 'full']))
    .addOption(option('--passthrough-disks <how>', 'RDM and physical disks').choices(['copy', 'lun', 'refuse']))
    .addOption(option('--placement-rules <how>', 'rules that keep VMs together or apart').choices(['preferred', 'required']))
    .addOption(
      option('--run-strategy <strategy>', 'of migrated VMs, instead of what the power state says').choices([
        'Halted',
        'Always',
        'RerunOnFailure',
        'Manual',
      ]),
    )
    .addOption(option('--vm-names <template>', 'names of VMs, such as prod-{vm}').argParser(templateOf('vmNames')))
    .addOption(
      option('--claim-names <template>', 'names of claims, such as {vm}-data-{disk}').argParser(templateOf('claimNames')),
    )
    .addOption(option('--nic-names <template>', 'names of interfaces, such as eth{nic}').argParser(templateOf('nicNames')));
}

export function vmOptions(flags: VmFlags): Omit<MappingOptions, 'devices'> {
  const { reservations, cpuModel, machineType, timezone, dedicatedCpus, hugepages, instancetypes, allocation } = flags;
  const { passthroughDisks, placementRules, runStrategy, vmNames, claimNames, nicNames } = flags;
  return {
    ...(cpuModel && { cpuModel }),
    ...(machineType && { machineType }),
    ...(timezone && { timezone }),
    ...(dedicatedCpus && { dedicatedCpus }),
    ...(hugepages && { hugepages }),
    ...(reservations && { reservations: reservations === true ? {} : { mhzPerCpu: reservations } }),
    ...(instancetypes && { instancetypes }),
    ...(allocation && { allocation }),
    ...(passthroughDisks && { passthroughDisks }),
    ...(placementRules && { placementRules }),
    ...(runStrategy && { runStrategy }),
    ...(vmNames && { vmNames }),
    ...(claimNames && { claimNames }),
    ...(nicNames && { nicNames }),
  };
}

function option(flags: string, description: string): Option {
  return new Option(flags, description);
}

function parseModel(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text)) throw new InvalidArgumentError('Such as host-model or Skylake-Server.');
  return text;
}

function parseMachine(text: string): MachineType {
  if (text === 'q35') return text;
  const version = /^pc-q35-([a-z0-9.]+)$/.exec(text)?.[1];
  if (version === undefined) throw new InvalidArgumentError('q35, or a version of it such as pc-q35-9.2.');
  return `pc-q35-${version}`;
}

function parseZone(text: string): string {
  if (!isTimeZone(text)) throw new InvalidArgumentError('An IANA time zone such as Europe/Berlin.');
  return text;
}

function parseMhz(text: string): number {
  const mhz = Number(text);
  if (!Number.isFinite(mhz) || mhz < 100 || mhz > 10_000) throw new InvalidArgumentError('MHz of one core, from 100 to 10000.');
  return mhz;
}

function templateOf(name: 'vmNames' | 'claimNames' | 'nicNames'): (text: string) => string {
  return (text) => {
    const fault = templateFault(name, text);
    if (fault !== undefined) throw new InvalidArgumentError(`In ${text}, ${fault}.`);
    return text;
  };
}
