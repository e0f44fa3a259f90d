/**
 * `--select`: VMs by what they are, not by their whole name. A criterion is `key=pattern[,pattern…]`; a bare pattern is a name.
 * Patterns are globs (`*`, `?`), compared without regard to case. Of one criterion any pattern may hold; of several, all must.
 */
import { MigrationError } from '../model/errors.ts';
import type { SourceVm, VmRef } from '../model/vm.ts';

type Key = 'name' | 'folder' | 'tag' | 'cluster' | 'power';

interface Criterion {
  readonly key: Key;
  /** `key!=…`: none of the patterns may hold. */
  readonly not: boolean;
  readonly patterns: readonly RegExp[];
}

export interface Selection {
  readonly matches: (vm: SourceVm) => boolean;
  /** False when the name alone rules the VM out: reading its facts can be spared. */
  readonly mayMatch: (vm: VmRef) => boolean;
  /** As the user wrote it. */
  readonly text: string;
}

/** What a criterion looks at; several values where any may match. Folders match with what is below them. */
const VALUES: Readonly<Record<Key, (vm: SourceVm) => readonly string[]>> = {
  name: (vm) => [vm.name],
  folder: (vm) => branches(vm.placement?.folder),
  tag: (vm) => (vm.tags ?? []).flatMap(({ category, name }) => (category === undefined ? [name] : [name, `${category}:${name}`])),
  cluster: (vm) => (vm.placement?.cluster === undefined ? [] : [vm.placement.cluster]),
  power: (vm) => (vm.power === undefined ? [] : [vm.power]),
};

const KEYS = Object.keys(VALUES) as readonly Key[];

/** @throws MigrationError `usage` for a criterion that is none */
export function readSelection(criteria: readonly string[]): Selection {
  const all = criteria.map(readCriterion);
  const names = all.filter(({ key }) => key === 'name');
  return {
    matches: (vm) => all.every((criterion) => holds(criterion, VALUES[criterion.key](vm))),
    mayMatch: ({ name }) => names.every((criterion) => holds(criterion, [name])),
    text: criteria.join(' and '),
  };
}

function holds({ not, patterns }: Criterion, values: readonly string[]): boolean {
  return patterns.some((pattern) => values.some((value) => pattern.test(value))) !== not;
}

function readCriterion(text: string): Criterion {
  const match = /^([a-z]+)(!?)=(.*)$/s.exec(text);
  const [, word = 'name', negation = '', list = text] = match ?? [];
  const key = KEYS.find((known) => known === word);
  const patterns = list.split(',').filter((pattern) => pattern !== '');
  if (key === undefined || patterns.length === 0) {
    throw new MigrationError('usage', `--select ${text} is no criterion`, {
      hint: `Write ${KEYS.map((known) => `${known}=…`).join(', ')} or a pattern for names; != excludes.`,
    });
  }
  return { key, not: negation === '!', patterns: patterns.map((pattern) => glob(key === 'folder' ? trim(pattern) : pattern)) };
}

/** Every run of stars is one, so that no pattern takes long. */
function glob(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/\*+/g, '*')
    .replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'isu');
}

/** `a/b/c` is in `a`, `a/b` and `a/b/c`. */
function branches(folder: string | undefined): readonly string[] {
  if (folder === undefined) return [];
  const parts = trim(folder).split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function trim(path: string): string {
  return path.replaceAll(/^\/+|\/+$/g, '');
}
