/** Drivers of virtio in the registry of Windows: questions to a session in which the system is mounted at /. */
import type { InspectedService } from '../../../model/guest-inspection.ts';
import { type Guestfish, quoted } from '../guestfish.ts';

const NAMES = ['viostor', 'vioscsi', 'netkvm'];

/** Undefined when the registry cannot be read. */
export async function readServices(session: Guestfish, root: string): Promise<readonly InspectedService[] | undefined> {
  const set = (await session.ask(`inspect-get-windows-current-control-set ${quoted(root)}`)).trim();
  const hive = (await session.ask('case-sensitive-path /windows/system32/config/system')).trim();
  if (set === '' || hive === '') return undefined;
  await session.ask(`hivex-open ${quoted(hive)}`);
  const services = await childOf(session, await childOf(session, (await session.ask('hivex-root')).trim(), set), 'Services');
  const found: InspectedService[] = [];
  for (const name of services === '' ? [] : NAMES) {
    const service = await childOf(session, services, name);
    if (service === '') continue;
    const start = await numberOf(session, service, 'Start');
    const file = (await session.ask(`case-sensitive-path /windows/system32/drivers/${name}.sys`)).trim() !== '';
    found.push({ name, ...(start === undefined ? {} : { start }), file });
  }
  await session.ask('hivex-close');
  return services === '' ? undefined : found;
}

/** Handle of a key below another; empty when there is none. */
async function childOf(session: Guestfish, node: string, name: string): Promise<string> {
  if (node === '') return '';
  const child = (await session.ask(`hivex-node-get-child ${node} ${quoted(name)}`)).trim();
  return child === '0' ? '' : child;
}

/** A value of type REG_DWORD (4). */
async function numberOf(session: Guestfish, node: string, name: string): Promise<number | undefined> {
  const value = (await session.ask(`hivex-node-get-value ${node} ${quoted(name)}`)).trim();
  if (value === '' || value === '0') return undefined;
  if ((await session.ask(`hivex-value-type ${value}`)).trim() !== '4') return undefined;
  // Its bytes are printed as they are; those of a service are 0 to 4.
  const bytes = Buffer.from(await session.ask(`hivex-value-value ${value}`), 'latin1');
  return bytes.length >= 4 ? bytes.readUInt32LE() : undefined;
}
