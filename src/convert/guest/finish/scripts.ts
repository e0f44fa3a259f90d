/** Scripts of the user: run in the guest's own root by the appliance, or left in it for its first boot. */
import type { ConversionChange, GuestScript } from '../../../model/conversion.ts';
import { MigrationError } from '../../../model/errors.ts';
import { type Guestfish, quoted } from '../guestfish.ts';
import { type FirstBootScript, shell } from './first-boot.ts';

/** Of what a script printed, this much is told: its end. */
const OUTPUT_LIMIT = 4_000;
/** Longer than this no script takes, emulation or not. */
const DEADLINE_SECONDS = 1_800;
const PLACE = '/tmp/kubeferry-script';

export function firstBootScripts(scripts: readonly GuestScript[]): readonly FirstBootScript[] {
  return scripts
    .filter(({ when }) => when === 'first-boot')
    .map(({ name, text }) => ({ name, text, what: `The script ${name} runs at the first boot.` }));
}

/**
 * Runs the scripts for the conversion, in their order, as root of the guest that is mounted at /. The network is not there.
 * @throws MigrationError `guest-script-failed` with the end of what the script printed
 */
export async function runScripts(
  session: Guestfish,
  scripts: readonly GuestScript[],
  { vm, deadlineSeconds = DEADLINE_SECONDS }: { readonly vm: string; readonly deadlineSeconds?: number },
): Promise<readonly ConversionChange[]> {
  const changes: ConversionChange[] = [];
  for (const { name, text } of scripts.filter(({ when }) => when === 'conversion')) {
    await session.ask('mkdir-p /tmp');
    await session.ask(`write ${PLACE} ${quoted(shell(text))}`);
    await session.ask(`chmod 0700 ${PLACE}`);
    // Its output stays in the guest until its end is fetched: it may be of any size.
    const command = `cd / && ${PLACE} </dev/null >${PLACE}.out 2>&1; echo "status $?"; tail -c ${OUTPUT_LIMIT} ${PLACE}.out; rm -f ${PLACE} ${PLACE}.out`;
    const said = await withDeadline(session.ask(`sh ${quoted(command)}`), deadlineSeconds, () =>
      failed(vm, name, `ran longer than ${deadlineSeconds} seconds`),
    );
    const status = /^status (\d+)\n?/.exec(said);
    if (status === null) throw failed(vm, name, 'could not be run: the guest has no shell that the appliance can start');
    const printed = said.slice(status[0].length).trim();
    if (status[1] !== '0') throw failed(vm, name, `ended with status ${status[1]}: ${printed || 'it printed nothing'}`);
    changes.push({
      subject: 'system',
      what: `The script ${name} ran in the guest${printed === '' ? '.' : `, and said: ${printed.slice(-500)}`}`,
    });
  }
  return changes;
}

function failed(vm: string, name: string, what: string): MigrationError {
  return new MigrationError('guest-script-failed', `The script ${name} ${what}.`, { vm });
}

async function withDeadline<T>(work: Promise<T>, seconds: number, error: () => MigrationError): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error()), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
