/** Services and drivers in the registry of Windows: questions to a session in which the system is mounted at /. */
import type { InspectedService } from '../../../model/guest-inspection.ts';
import { type Guestfish, quoted } from '../guestfish.ts';

const DRIVERS = ['viostor', 'vioscsi', 'netkvm'];

/** Drivers of virtio that the registry knows; undefined when it cannot be read. */
export async function readServices(session: Guestfish, root: string): Promise<readonly InspectedService[] | undefined> {
  const controlSet = await currentControlSet(session, root);
  const hive = await systemHive(session);
  if (controlSet === '' || hive === '') return undefined;
  const starts = await startsOf(session, { hive, controlSet, names: DRIVERS });
  const found: InspectedService[] = [];
  for (const { name, start } of starts) {
    const file = (await windowsPath(session, `/windows/system32/drivers/${name}.sys`)) !== '';
    found.push({ name, ...(start === undefined ? {} : { start }), file });
  }
  return found;
}

/** `ControlSet001`; empty when Windows has none that libguestfs finds. */
export async function currentControlSet(session: Guestfish, root: string): Promise<string> {
  return (await session.ask(`inspect-get-windows-current-control-set ${quoted(root)}`)).trim();
}

/** Path of the hive SYSTEM; empty when there is none. */
export async function systemHive(session: Guestfish): Promise<string> {
  return await windowsPath(session, '/windows/system32/config/system');
}

/** A path as the disk spells it; empty when nothing is there (`case-sensitive-path` alone also names what could be made). */
export async function windowsPath(session: Guestfish, path: string): Promise<string> {
  const spelled = (await session.ask(`case-sensitive-path ${quoted(path)}`)).trim();
  return spelled !== '' && (await session.is(`exists ${quoted(spelled)}`)) ? spelled : '';
}

export interface ServiceQuestion {
  readonly hive: string;
  readonly controlSet: string;
  readonly names: readonly string[];
}

/** A service that the registry knows. */
export interface ServiceStart {
  readonly name: string;
  /** 0 with the boot loader, 1 with the kernel, 2 with the system, 3 when asked for, 4 never. */
  readonly start?: number;
  /** Where its number lies in the hive, in bytes. */
  readonly at?: number;
}

export async function startsOf(
  session: Guestfish,
  { hive, controlSet, names }: ServiceQuestion,
): Promise<readonly ServiceStart[]> {
  const starts: ServiceStart[] = [];
  await session.ask(`hivex-open ${quoted(hive)}`);
  const set = await childOf(session, (await session.ask('hivex-root')).trim(), controlSet);
  const services = await childOf(session, set, 'Services');
  for (const name of names) {
    const service = await childOf(session, services, name);
    if (service !== '') starts.push({ name, ...(await numberOf(session, service, 'Start')) });
  }
  await session.ask('hivex-close');
  return starts;
}

/** Handle of a key below another; empty when there is none. */
async function childOf(session: Guestfish, node: string, name: string): Promise<string> {
  if (node === '') return '';
  const child = (await session.ask(`hivex-node-get-child ${node} ${quoted(name)}`)).trim();
  return child === '0' ? '' : child;
}

/**
 * A value of type REG_DWORD (4). hivex calls a value by the place of its cell, which holds numbers of up to four bytes itself: behind its own
 * length, its signature, and the lengths of name and number ("Windows NT Registry File format", value key).
 */
async function numberOf(session: Guestfish, node: string, name: string): Promise<Pick<ServiceStart, 'start' | 'at'>> {
  const value = (await session.ask(`hivex-node-get-value ${node} ${quoted(name)}`)).trim();
  if (value === '' || value === '0') return {};
  if ((await session.ask(`hivex-value-type ${value}`)).trim() !== '4') return {};
  // Its bytes are printed as they are; those of a service are 0 to 4.
  const bytes = Buffer.from(await session.ask(`hivex-value-value ${value}`), 'latin1');
  return bytes.length >= 4 ? { start: bytes.readUInt32LE(), at: Number(value) + 12 } : {};
}
