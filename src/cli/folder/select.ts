import type { FolderVm } from '../../contracts/folder-migration.ts';
import { MigrationError } from '../../model/errors.ts';

/** By name, name at the target, or id. @throws MigrationError `vm-not-found` for a word that means none */
export function selectFolderVms(all: readonly FolderVm[], words: readonly string[], folder: string): readonly FolderVm[] {
  if (words.length === 0) return all;
  const named = ({ name, target, vm }: FolderVm): readonly string[] => [name, target, vm];
  const known = new Set(all.flatMap(named));
  const unknown = words.filter((word) => !known.has(word));
  if (unknown.length === 0) return all.filter((vm) => named(vm).some((word) => words.includes(word)));
  const names = all.slice(0, 10).map(({ name }) => name);
  throw new MigrationError('vm-not-found', `${folder} holds no ${unknown.join(', ')}.`, {
    hint: `It holds ${names.join(', ')}${all.length > names.length ? ` and ${all.length - names.length} more` : ''}.`,
  });
}
