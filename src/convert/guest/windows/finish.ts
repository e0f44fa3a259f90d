/** What follows the converter in a Windows guest that is mounted at /. */
import type { ConversionChange, ConversionRequest } from '../../../model/conversion.ts';
import { MigrationError } from '../../../model/errors.ts';
import type { InspectedSystem } from '../../../model/guest-inspection.ts';
import { type Guestfish, quoted } from '../guestfish.ts';
import { lostAddresses } from '../network/windows.ts';
import { FIRST_BOOT_FOLDER, planWindowsFirstBoot } from './first-boot.ts';
import { planServices, VMWARE_SERVICES } from './registry.ts';
import { currentControlSet, startsOf, systemHive, windowsPath } from './services.ts';

interface Subject {
  readonly request: Pick<ConversionRequest, 'nics' | 'scripts' | 'vm'>;
  readonly system: Pick<InspectedSystem, 'root'>;
}

/** @throws MigrationError `guest-script-failed`, `conversion-failed` */
export async function finishWindows(
  session: Guestfish,
  subject: Subject,
): Promise<{ readonly changes: readonly ConversionChange[]; readonly warnings: readonly string[] }> {
  const { vm, nics, scripts = [] } = subject.request;
  const misplaced = scripts.find(({ when }) => when === 'conversion');
  if (misplaced !== undefined) {
    throw new MigrationError(
      'guest-script-failed',
      `The script ${misplaced.name} is for the conversion: Windows cannot run it there.`,
      {
        vm,
        hint: 'Let it run at the first boot: `when: first-boot`.',
      },
    );
  }
  const services = await disableServices(session, subject);
  const files = planWindowsFirstBoot(nics, scripts);
  const folder = await windowsPath(session, `${FIRST_BOOT_FOLDER}/scripts`);
  if (folder === '') {
    if (scripts.length > 0) {
      throw new MigrationError('guest-script-failed', 'virt-v2v left no service for the first boot in this Windows.', { vm });
    }
    return { changes: services, warnings: lostAddresses(nics) };
  }
  for (const { name, text } of files) {
    const place = `${folder.slice(0, folder.lastIndexOf('/'))}/${name}`.replace(
      /\/scripts\//i,
      `${folder.slice(folder.lastIndexOf('/'))}/`,
    );
    await session.ask(`write ${quoted(place)} ${quoted(text)}`);
    if ((await session.ask(`cat ${quoted(place)}`)).slice(0, -1) !== text) {
      throw new MigrationError('conversion-failed', `${place} cannot be written in the guest.`, { vm });
    }
  }
  return { changes: [...services, ...files.flatMap(({ change }) => change ?? [])], warnings: [] };
}

async function disableServices(session: Guestfish, { request, system }: Subject): Promise<readonly ConversionChange[]> {
  const controlSet = await currentControlSet(session, system.root);
  const hive = await systemHive(session);
  if (controlSet === '' || hive === '') return [];
  const question = { hive, controlSet, names: VMWARE_SERVICES };
  const edits = planServices(await startsOf(session, question));
  // The hive stays in the appliance, where a damaged one does no harm. Numbers are little-endian: the rest of it stays zero.
  for (const { at, number } of edits) {
    await session.ask(`pwrite ${quoted(hive)} ${quoted(String.fromCharCode(number))} ${at}`);
  }
  if (edits.length > 0 && planServices(await startsOf(session, question)).length > 0) {
    throw new MigrationError('conversion-failed', 'The registry of Windows cannot be written.', { vm: request.vm });
  }
  return edits.map(({ change }) => change);
}
