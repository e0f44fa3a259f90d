/** `kubeferry status DIR`: how far a migration to a folder is, and what each VM waits for. */
import type { FolderMigration, FolderVm } from '../../contracts/folder-migration.ts';
import { isMigrated } from '../../model/phase.ts';
import { formatBytes } from '../../model/units.ts';
import { columns, printable } from '../../report/columns.ts';
import { progressLine } from '../../report/describe.ts';
import { spreadText } from '../../report/durations.ts';
import { outlookText } from '../../report/outlook.ts';
import { renderYaml } from '../../report/yaml.ts';
import type { CommandContext } from '../context.ts';
import { localText } from '../instants.ts';
import { selectFolderVms } from './select.ts';

export async function showFolder(
  migration: FolderMigration,
  { words, output }: { readonly words: readonly string[]; readonly output: 'table' | 'json' | 'yaml' },
  { services, terminal }: CommandContext,
): Promise<void> {
  const vms = selectFolderVms(await migration.vms(), words, migration.folder);
  const worker = await migration.worker();
  if (output !== 'table') {
    const value = { folder: migration.folder, ...(worker !== undefined && { worker }), vms: vms.map(asWritten) };
    return terminal.out(output === 'json' ? `${JSON.stringify(value, null, 2)}\n` : renderYaml(value));
  }
  const now = services.clock.now();
  const rows = vms.map((vm) => [...cells(vm), nextOf(vm, now)]);
  const head = worker === undefined ? 'no process migrates at the moment' : `process ${worker} migrates`;
  const table = columns([['VM', 'PHASE', 'PASSES', 'LAST', 'DOWNTIME', 'NEXT'], ...rows]);
  terminal.out(`${[`${migration.folder}: ${head}`, ...table].map(printable).join('\n')}\n`);
}

function cells({ name, progress }: FolderVm): readonly string[] {
  const { warm, outlook, phase = 'not begun' } = progress ?? {};
  const last = warm?.passes.at(-1);
  return [
    name,
    phase,
    last === undefined ? '-' : String(last.number),
    last === undefined ? '-' : formatBytes(last.bytes),
    outlook?.downtime === undefined ? '-' : spreadText(outlook.downtime.seconds),
  ];
}

function nextOf({ progress, cutoverAt }: FolderVm, now: number): string {
  const { outlook, failure, warm } = progress ?? {};
  const when = (instant: string): string => localText(instant, now);
  const { downtime: _, ...next } = outlook ?? { because: '' };
  return [
    ...(progress !== undefined && failure !== undefined ? [progressLine(progress)] : []),
    ...('next' in next ? [outlookText(next, when)] : []),
    ...(warm?.setback === undefined ? [] : [`the last precopy failed: ${warm.setback.message}`]),
    ...(cutoverAt === undefined || isMigrated(progress?.phase)
      ? []
      : [`cutover asked for ${when(new Date(cutoverAt).toISOString())}`]),
  ].join('; ');
}

function asWritten({ cutoverAt, ...vm }: FolderVm): object {
  return { ...vm, ...(cutoverAt !== undefined && { cutoverAt: new Date(cutoverAt).toISOString() }) };
}
