/** What is done to files of a guest, decided before anything is written: plain data, so that decisions are tested without a guest. */
import type { ConversionChange } from '../../../model/conversion.ts';
import { MigrationError } from '../../../model/errors.ts';
import { type Guestfish, quoted } from '../guestfish.ts';

/** A file of the guest as it was read. */
export interface GuestText {
  readonly path: string;
  readonly text: string;
}

/** One sentence for the report stands at the first of several edits that belong together. */
interface Told {
  readonly path: string;
  readonly change?: ConversionChange;
}

/** A file of the guest as it is to be. */
export interface FileEdit extends Told {
  readonly text: string;
  /** Of a new file; `0644` when absent. An old one keeps what it has. */
  readonly mode?: '0644' | '0755' | '0600';
}

export interface LinkEdit extends Told {
  readonly link: string;
}

export interface RemoveEdit extends Told {
  readonly remove: true;
}

export type GuestEdit = FileEdit | LinkEdit | RemoveEdit;

export interface GuestPlan {
  readonly edits: readonly GuestEdit[];
  readonly warnings: readonly string[];
}

export function together(...plans: readonly GuestPlan[]): GuestPlan {
  return { edits: plans.flatMap(({ edits }) => edits), warnings: plans.flatMap(({ warnings }) => warnings) };
}

export function changesIn(edits: readonly GuestEdit[]): readonly ConversionChange[] {
  return edits.flatMap(({ change }) => change ?? []);
}

/**
 * Writes edits in their order into the guest that is mounted at /.
 * @throws MigrationError `conversion-failed` when the guest does not hold them afterwards
 */
export async function applyEdits(session: Guestfish, edits: readonly GuestEdit[], vm: string): Promise<void> {
  for (const edit of edits) {
    const done =
      'remove' in edit ? await remove(session, edit) : 'link' in edit ? await link(session, edit) : await write(session, edit);
    if (!done) throw new MigrationError('conversion-failed', `${edit.path} cannot be written in the guest.`, { vm });
  }
}

async function write(session: Guestfish, { path, text, mode = '0644' }: FileEdit): Promise<boolean> {
  const place = quoted(path);
  const isNew = !(await session.is(`is-file ${place}`));
  if (isNew) await makeFolder(session, folderOf(path));
  await session.ask(`write ${place} ${quoted(text)}`);
  if (isNew) {
    // Label and owner of what is like it: under SELinux a file without a label is not read.
    const like = mode === '0755' ? '/usr/bin/env' : '/etc/hosts';
    await session.ask(`copy-attributes ${like} ${place} xattributes:true ownership:true`);
    await session.ask(`chmod ${mode} ${place}`);
  }
  return (await session.ask(`cat ${place}`)).slice(0, -1) === text;
}

async function makeFolder(session: Guestfish, folder: string): Promise<void> {
  if (folder === '' || (await session.is(`is-dir ${quoted(folder)} followsymlinks:true`))) return;
  await makeFolder(session, folderOf(folder));
  await session.ask(`mkdir ${quoted(folder)}`);
  await session.ask(`copy-attributes ${quoted(folderOf(folder) || '/')} ${quoted(folder)} all:true`);
}

async function link(session: Guestfish, { path, link: target }: LinkEdit): Promise<boolean> {
  await makeFolder(session, folderOf(path));
  await session.ask(`ln-sf ${quoted(target)} ${quoted(path)}`);
  return (await session.ask(`readlink ${quoted(path)}`)).trim() === target;
}

async function remove(session: Guestfish, { path }: RemoveEdit): Promise<boolean> {
  await session.ask(`rm-f ${quoted(path)}`);
  return !(await session.is(`exists ${quoted(path)}`));
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
