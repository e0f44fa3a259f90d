/**
 * A UEFI guest finds its loader by entries that the old machine stored. KubeVirt stores none for a new VM, so there has to be a loader under the
 * name that firmware looks for in any case (UEFI 2.10, 3.5.1.1): \EFI\BOOT\BOOTX64.EFI. It is made of the guest's own.
 */
import type { ConversionChange } from '../../../model/conversion.ts';
import { type Guestfish, quoted } from '../guestfish.ts';

export interface LoaderPlan {
  readonly copies: readonly { readonly from: string; readonly to: string }[];
  /** A configuration of GRUB beside it, which leads to the guest's own. */
  readonly menu?: { readonly path: string; readonly text: string };
  readonly change: ConversionChange;
}

const FALLBACK = /^\/efi\/boot\/boot(x64|aa64)\.efi$/i;
/** The first that is there is taken. Shim starts the GRUB that lies beside it, and both are signed. */
const LOADERS = [/\/shim(x64|aa64)\.efi$/i, /\/systemd-boot(x64|aa64)\.efi$/i, /\/grub(x64|aa64)\.efi$/i, /\/bootmgfw\.efi$/i];

/**
 * @param files paths of all files of the EFI system partition
 * @returns undefined where the fallback is there; `none` where nothing can be made one
 */
export function planLoader(files: readonly string[]): LoaderPlan | 'none' | undefined {
  if (files.some((file) => FALLBACK.test(file))) return undefined;
  const own = files.filter((file) => !/^\/efi\/boot\//i.test(file));
  const loader = LOADERS.map((names) => own.find((file) => names.test(file))).find((file) => file !== undefined);
  if (loader === undefined) return 'none';
  const arch = /aa64\.efi$/i.test(loader) ? 'aa64' : 'x64';
  const folder = loader.slice(0, loader.lastIndexOf('/'));
  const target = folderNamed(files, '/EFI/BOOT');
  const beside = (name: RegExp): string | undefined => own.find((file) => file.startsWith(`${folder}/`) && name.test(file));
  const name = `BOOT${arch.toUpperCase()}.EFI`;
  const helpers = /\/shim/i.test(loader) ? [beside(/\/grub(x64|aa64)\.efi$/i), beside(/\/mm(x64|aa64)\.efi$/i)] : [];
  const isGrub = /\/(shim|grub)/i.test(loader);
  const config = isGrub ? beside(/\/grub\.cfg$/i) : undefined;
  return {
    copies: [
      { from: loader, to: `${target}/${name}` },
      ...helpers.filter((file) => file !== undefined).map((from) => ({ from, to: `${target}/${from.slice(folder.length + 1)}` })),
    ],
    ...(config === undefined ? {} : { menu: { path: `${target}/grub.cfg`, text: menu(folder, config) } }),
    change: {
      subject: 'boot',
      what: `The loader ${loader} is also the fallback ${target}/${name}: entries that the old machine stored do not come along.`,
      file: `${target}/${name}`,
    },
  };
}

/** A GRUB that looks beside itself first finds this; others have the folder of their distribution built in. */
function menu(folder: string, config: string): string {
  return `search --no-floppy --set=root --file ${config}\nset prefix=($root)${folder}\nconfigfile ($root)${config}\n`;
}

/** FAT keeps the case of names and does not mind it; our answers do. */
function folderNamed(files: readonly string[], name: string): string {
  const found = files.find((file) => file.toLowerCase().startsWith(`${name.toLowerCase()}/`));
  return found === undefined ? name : found.slice(0, name.length);
}

/** Takes all mounts away. Every EFI system partition gets what it lacks. */
export async function finishLoader(
  session: Guestfish,
): Promise<{ readonly changes: readonly ConversionChange[]; readonly warnings: readonly string[] }> {
  const changes: ConversionChange[] = [];
  let isFound = false;
  for (const device of (await session.lines('list-partitions')).slice(0, 128)) {
    if ((await session.ask(`vfs-type ${quoted(device)}`)).trim() !== 'vfat') continue;
    await session.ask('umount-all');
    await session.ask(`mount ${quoted(device)} /`);
    const files = (await session.lines('find /')).slice(0, 10_000).map((file) => `/${file}`);
    const plan = planLoader(files.filter((file) => /^\/efi\//i.test(file)));
    if (plan === 'none') continue;
    isFound ||= plan === undefined || (await copyLoader(session, plan));
    if (plan !== undefined && isFound) changes.push(plan.change);
  }
  await session.ask('umount-all');
  const warning =
    'No loader \\EFI\\BOOT\\BOOTX64.EFI is in the guest, and none could be made: name its own in the setup of the firmware at the first boot.';
  return { changes, warnings: isFound ? [] : [warning] };
}

/** False when it is not there afterwards: the partition is full. */
async function copyLoader(session: Guestfish, { copies, menu: file }: LoaderPlan): Promise<boolean> {
  for (const { from, to } of copies) {
    await session.ask(`mkdir-p ${quoted(to.slice(0, to.lastIndexOf('/')))}`);
    await session.ask(`cp ${quoted(from)} ${quoted(to)}`);
    if (!(await session.ask(`equal ${quoted(from)} ${quoted(to)}`)).startsWith('true')) return false;
  }
  if (file !== undefined) await session.ask(`write ${quoted(file.path)} ${quoted(file.text)}`);
  return true;
}
