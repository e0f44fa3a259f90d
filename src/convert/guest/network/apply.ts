/** Writes what plan.ts decided into the guest, on the overlays, after the converter. */
import type { ConversionChange, ConversionRequest } from '../../../model/conversion.ts';
import { MigrationError } from '../../../model/errors.ts';
import type { InspectedSystem } from '../../../model/guest-inspection.ts';
import { type Guestfish, type GuestfishOptions, quoted, withGuestfish } from '../guestfish.ts';
import { type OpenVolumesOptions, openVolumes, readSystem } from '../inspect.ts';
import { readNetworkFiles } from '../inspect-software.ts';
import type { Overlay } from '../overlay.ts';
import { type FileEdit, planNetwork } from './plan.ts';

export interface NetworkOutcome {
  /** The system by name, where it was looked at. */
  readonly guest?: string;
  readonly changes: readonly ConversionChange[];
  readonly warnings: readonly string[];
}

/** @throws MigrationError `guest-root-ambiguous`, `conversion-failed` when a file cannot be written, `appliance-failed`, `canceled` */
export async function applyNetwork(
  request: ConversionRequest,
  overlays: readonly Overlay[],
  options: GuestfishOptions & OpenVolumesOptions,
): Promise<NetworkOutcome> {
  if (request.nics.length === 0) return { changes: [], warnings: [] };
  const disks = overlays.map(({ overlay }) => ({ path: overlay, format: 'qcow2' as const }));
  return await withGuestfish(disks, { ...options, write: true }, async (session) => {
    await openVolumes(session, options.keys ?? []);
    const roots = await session.lines('inspect-os');
    const root = request.root ?? (roots.length === 1 ? roots[0] : undefined);
    if (root === undefined || !roots.includes(root)) {
      throw new MigrationError('guest-root-ambiguous', `The systems on the disks are ${roots.join(', ') || 'none'}.`, {
        vm: request.vm,
      });
    }
    const system = await readSystem(session, root);
    for (const { path, device } of system.mounts) await session.ask(`mount ${quoted(device)} ${quoted(path)}`);
    const { edits, warnings } = planNetwork(system, await readNetworkFiles(session), request.nics);
    for (const edit of edits) await write(session, edit, request.vm);
    return { guest: nameOf(system), changes: edits.map(({ change }) => change), warnings };
  });
}

/** libguestfs (1.48) calls a Debian by the text of its debian_version alone: `12.5`. */
function nameOf({ product, distro, type }: InspectedSystem): string {
  if (product !== undefined && /[a-z]/i.test(product)) return product;
  return [distro ?? type, product].filter((part) => part !== undefined).join(' ');
}

async function write(session: Guestfish, { path, text }: FileEdit, vm: string): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const isNew = !(await session.is(`is-file ${quoted(path)}`));
  await session.ask(`mkdir-p ${quoted(folder)}`);
  await session.ask(`write ${quoted(path)} ${quoted(text)}`);
  if (isNew) {
    // Label and owner of another file in /etc: under SELinux one without a label is not read.
    await session.ask(`copy-attributes /etc/hosts ${quoted(path)} xattributes:true ownership:true`);
    await session.ask(`chmod 0644 ${quoted(path)}`);
  }
  if ((await session.ask(`cat ${quoted(path)}`)).slice(0, -1) !== text) {
    throw new MigrationError('conversion-failed', `${path} cannot be written in the guest.`, { vm });
  }
}
