/** `kubeferry cutover DIR` and its siblings: what people do to a migration whose state is in a folder. */
import type { FolderMigration, FolderVm } from '../../contracts/folder-migration.ts';
import { MigrationError } from '../../model/errors.ts';
import { hasReached, isTerminal } from '../../model/phase.ts';
import { printable } from '../../report/columns.ts';
import type { Switch } from '../../resources/switches.ts';
import { type ConfirmFlags, confirm } from '../cluster/confirm.ts';
import type { CommandContext } from '../context.ts';
import { localText } from '../instants.ts';
import { selectFolderVms } from './select.ts';
import { wayBack } from './way-back.ts';

export interface FolderSwitch {
  readonly migration: FolderMigration;
  readonly words: readonly string[];
  /** ISO 8601; now when absent. Null: what was asked for is taken back. */
  readonly at?: string | null | undefined;
  readonly flags: ConfirmFlags;
}

/** @throws MigrationError `usage` for what makes no sense here */
export async function actOnFolder(command: Switch, asked: FolderSwitch, context: CommandContext): Promise<void> {
  const { migration } = asked;
  if (command !== 'cutover' && command !== 'rollback') throw await instead(command, migration);
  const all = await migration.vms();
  if (command === 'rollback') {
    const vms = selectFolderVms(all, asked.words, migration.folder);
    throw wayBack(migration.folder, vms, await migration.worker());
  }
  const named = asked.words.length === 0 ? all.filter(isLeft) : selectFolderVms(all, asked.words, migration.folder);
  const refused = named.flatMap((vm) => refusalOf(vm));
  if (refused.length > 0) throw new MigrationError('usage', refused.join('\n'), { hint: 'Nothing was changed.' });
  if (named.length === 0) return context.terminal.err('No VM is left to cut over.\n');
  const { at } = asked;
  if (at === null) await withdraw(withGroups(named, all), asked, context);
  else await cutOver(withGroups(named, all), { ...asked, at }, context);
}

async function withdraw(vms: readonly FolderVm[], { migration }: FolderSwitch, { terminal }: CommandContext): Promise<void> {
  const asked = vms.filter(({ cutoverAt }) => cutoverAt !== undefined);
  if (asked.length === 0) return terminal.err('Nobody asked for a cutover.\n');
  await migration.withdrawCutover(asked.map(({ target }) => target));
  const names = asked.map(({ name }) => name).join(', ');
  terminal.err(printable(`${names}: the cutover is not asked for any more, and the schedule decides again.`).concat('\n'));
}

type AskedCutover = Omit<FolderSwitch, 'at'> & { readonly at: string | undefined };

async function cutOver(vms: readonly FolderVm[], { migration, at, flags }: AskedCutover, context: CommandContext): Promise<void> {
  const { terminal, services } = context;
  const now = services.clock.now();
  const when = at === undefined ? 'at once' : `at ${localText(at, now)} or as soon after as can be`;
  const names = vms.map(({ name }) => name).join(', ');
  const what = `cutover of ${names}: shut down ${when}, the rest of the disks is copied, and the VMs are written out.`;
  if (!(await confirm(printable(what), flags, context))) return context.exit(2);
  const targets = vms.map(({ target }) => target);
  await migration.askCutover(targets, at === undefined ? now : Date.parse(at));
  const worker = await migration.worker();
  const next =
    worker === undefined
      ? 'No process migrates at the moment: it is done when `kubeferry migrate … --resume` goes on.'
      : `Process ${worker} migrates and sees to it.`;
  terminal.err(printable(`${names}: cutover is asked for. ${next} See \`kubeferry status ${migration.folder}\`.`).concat('\n'));
}

function isLeft(vm: FolderVm): boolean {
  return refusalOf(vm).length === 0;
}

function refusalOf({ name, progress }: FolderVm): readonly string[] {
  if (progress === undefined) return [];
  if (progress.type === 'cold' && progress.phase !== 'AwaitCutover') return [`${name} is cold: there is nothing to cut over.`];
  if (hasReached(progress.phase, 'PowerOffSource')) return [`${name} is cut over already: it is in ${progress.phase}.`];
  // What failed or was canceled before can go on.
  const isOver = isTerminal(progress.phase) && progress.failure === undefined;
  return isOver ? [`${name} has come to its end: ${progress.phase}.`] : [];
}

/** VMs of a group are cut over together, or not at all: whoever asks for one asks for all. */
function withGroups(named: readonly FolderVm[], all: readonly FolderVm[]): readonly FolderVm[] {
  const groups = new Set(named.flatMap(({ group }) => group ?? []));
  return all.filter((vm) => named.includes(vm) || (vm.group !== undefined && groups.has(vm.group) && isLeft(vm)));
}

async function instead(command: Exclude<Switch, 'cutover' | 'rollback'>, migration: FolderMigration): Promise<MigrationError> {
  const worker = await migration.worker();
  const hints: Readonly<Record<typeof command, string>> = {
    cancel:
      worker === undefined
        ? 'No process migrates to it: there is nothing to cancel.'
        : `Press Ctrl-C where it runs, or end process ${worker} with SIGINT: sources that were switched off start again.`,
    retry: 'Run `kubeferry migrate` again with --resume: what is proven is not copied again.',
    pause: 'Press Ctrl-C where it runs; --resume goes on.',
    resume: 'Run `kubeferry migrate` again with --resume.',
    commit: 'What is complete in a folder is final.',
  };
  return new MigrationError('usage', `${migration.folder} is a folder: ${command} acts on plans in a cluster.`, {
    hint: hints[command],
  });
}
