/** What this machine needs to convert guests and to see them boot, for whoever asks before a migration does. */
import type { Check } from '../contracts/provider.ts';
import { MigrationError } from '../model/errors.ts';
import { requireProgram } from '../programs/find-program.ts';
import { chooseAccelerator } from './boot/accelerator.ts';
import { CONVERTER_PROGRAMS } from './local-conversions.ts';
import { PROVER_PROGRAMS } from './local-prover.ts';

/** A migration to a folder needs them, unless it leaves its guests alone: what is missing is a warning. */
export async function* checkGuestTools(signal: AbortSignal): AsyncGenerator<Check, undefined> {
  yield await programs({ id: 'guest-conversion', label: 'Guest conversion here' }, CONVERTER_PROGRAMS);
  const boot = await programs({ id: 'guest-boot', label: 'Boot proof here' }, PROVER_PROGRAMS);
  yield boot;
  if (boot.outcome === 'ok') yield await speed(signal);
  return undefined;
}

/** @param needed names of programs, with the Debian package that brings each */
async function programs(about: Pick<Check, 'id' | 'label'>, needed: Readonly<Record<string, string>>): Promise<Check> {
  const missing: string[] = [];
  for (const [name, debianPackage] of Object.entries(needed)) {
    try {
      await requireProgram(name, debianPackage);
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
      missing.push(debianPackage);
    }
  }
  const names = Object.keys(needed).join(', ');
  if (missing.length === 0) return { ...about, outcome: 'ok', finding: `${names}: all there` };
  const todo = `Install ${missing.join(' ')} (names of Debian and Ubuntu), or migrate with --guest none or --prove none.`;
  return { ...about, outcome: 'warning', finding: `${names} are needed, and not all are there`, todo };
}

async function speed(signal: AbortSignal): Promise<Check> {
  const about = { id: 'guest-accelerator', label: 'Processor for guests' };
  const { name, because } = await chooseAccelerator(signal);
  if (name === 'kvm') return { ...about, outcome: 'ok', finding: 'KVM works' };
  const todo = 'Use a machine with KVM where minutes of downtime count.';
  return { ...about, outcome: 'warning', finding: `emulated: a conversion takes minutes, a boot one or two. ${because}`, todo };
}
