import { type Command, Option } from 'commander';
import type { DiskHasher, KeptDisks } from '../../contracts/verification.ts';
import { MigrationError } from '../../model/errors.ts';
import { formatBytes } from '../../model/units.ts';
import type { DiskOutcome, Verification } from '../../model/verification.ts';
import { columns, printable } from '../../report/columns.ts';
import { verifyAll } from '../../verify.ts';
import { addClusterVerifyOptions, type ClusterVerifyFlags, isInCluster, verifyInCluster } from '../cluster/verify.ts';
import type { CommandContext } from '../context.ts';
import { addProgressOptions, openDisplay, type ProgressFlags } from '../observer.ts';
import type { Display } from '../progress/display.ts';
import { sealedDisk } from '../sealed-report.ts';

interface VerifyOptions extends ProgressFlags, ClusterVerifyFlags {
  readonly output: 'text' | 'json';
}

/** `kubeferry verify [PLACE] [VM…]`: are the disks still what was proven when they were moved? */
export function verifyCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('verify [place] [vms...]')
    .description(
      'read disks again and compare them with what was sealed: of a migrated folder, one raw file or block device, or in the cluster (--plan PLAN, pvc/NAME)',
    )
    .option('--report <file>', 'PLACE is one disk, and this report (JSON) sealed it')
    .option('--disk <vm/disk>', 'which disk of the report it is, such as web/scsi0:0; not needed where it seals only one')
    .addOption(new Option('-o, --output <format>', 'report format on stdout').choices(['text', 'json']).default('text'));
  addProgressOptions(addClusterVerifyOptions(command)).action(
    async (place: string | undefined, vms: string[], options: VerifyOptions) => {
      const { terminal } = context;
      const inCluster = isInCluster(place, options);
      await using display = await openDisplay(options, context);
      const words = place === undefined ? vms : [place, ...vms];
      const verification = await (inCluster ? verifyInCluster : verifyHere)(words, { options, display }, context);
      if (inCluster && verification.disks.some(({ outcome }) => outcome === 'differs')) display.note(RAN_SINCE);
      terminal.out(options.output === 'json' ? `${JSON.stringify(verification, null, 2)}\n` : textOf(verification));
      context.exit(exitOf(verification));
    },
  );
}

const RAN_SINCE =
  'A VM that ran since its migration wrote to its disks: that cannot be told from damage. Verify before the VM starts.';

async function verifyHere(
  [place, ...vms]: readonly string[],
  { options, display }: { readonly options: VerifyOptions; readonly display: Display },
  context: CommandContext,
): Promise<Verification> {
  if (place === undefined) throw new MigrationError('usage', 'Name a folder, a file, pvc/NAME, or a plan with --plan.');
  const { services, signal } = context;
  const hasher = services.hasher();
  return await verifyAll(vms, {
    kept: keptAt(place, vms, { ...options, hasher }, context),
    hasher,
    clock: services.clock,
    signal,
    starts: ({ id, vm, disk, size = 0 }) => display.starts({ id, vm, disk, capacity: size, pass: 'check' }),
    moves: (progress) => display.moves(progress),
    ends: ({ id }, { outcome, finding }) => display.ends({ id }, outcome === 'ok' ? undefined : finding),
  });
}

function keptAt(
  place: string,
  vms: readonly string[],
  { report, disk, hasher }: Pick<VerifyOptions, 'report' | 'disk'> & { readonly hasher: DiskHasher },
  { services }: CommandContext,
): KeptDisks {
  if (report !== undefined && vms.length === 0) return sealedDisk(place, { report, disk, hasher });
  if (report === undefined && disk === undefined) return services.keptDisks(place);
  throw new MigrationError(
    'usage',
    report === undefined ? '--disk goes with --report.' : 'With --report the disk is named by --disk.',
  );
}

/** 3 when something could not be told, 1 when something is not as it was sealed. */
function exitOf({ disks }: Verification): 0 | 1 | 3 {
  if (disks.some(({ outcome }) => outcome === 'unreadable')) return 3;
  return disks.every(({ outcome }) => outcome === 'ok') ? 0 : 1;
}

const MARKS: Readonly<Record<DiskOutcome, string>> = {
  ok: 'ok',
  differs: 'DIFFERS',
  missing: 'MISSING',
  unproven: 'UNPROVEN',
  unreadable: 'UNREADABLE',
};

function textOf({ place, disks }: Verification): string {
  const rows = disks.map(({ vm, disk, outcome, finding, sealed, root }) => [
    MARKS[outcome],
    `${vm}/${disk}`,
    sealed === undefined ? '' : formatBytes(sealed.size),
    outcome === 'ok' && root !== undefined ? `sha256 ${root}` : finding,
  ]);
  const good = disks.filter(({ outcome }) => outcome === 'ok').length;
  const lines = [...columns(rows), `${place}: ${good} of ${disks.length} disks are as they were sealed`];
  return `${lines.map(printable).join('\n')}\n`;
}
