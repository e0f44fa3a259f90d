/** Power of a VM. The guest is asked first; what follows when it does not answer is the caller's policy. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PowerControl, PowerOffOptions } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { PowerState, VmRef } from '../../src/model/vm.ts';
import { requireVm, vmRef } from './disk-access.ts';
import type { Session } from './session.ts';
import { runTask } from './task.ts';
import { isFault } from './vim/fault.ts';

const LOOK_MS = 1000;
const FIRST_LOOK_MS = 100;
/** Windows installs updates while it shuts down; five minutes is what most guests need at worst. */
const DEFAULT: PowerOffOptions = { graceSeconds: 300, otherwise: 'fail' };

const STATES: Readonly<Record<string, PowerState>> = { poweredOn: 'on', poweredOff: 'off', suspended: 'suspended' };

export function powerControl(session: Session): PowerControl {
  return {
    state: (vm, signal) => stateOf(session, vm, signal),
    powerOff: (vm, signal, options = DEFAULT) => powerOff(session, { vm, ...options }, signal),
    powerOn: async (vm, signal) => {
      if ((await stateOf(session, vm, signal)) === 'on') return;
      await runTask(session, 'PowerOnVM_Task', { on: vmRef(vm) }, signal).catch(ignoreInPlace);
    },
  };
}

/** Somebody was faster: the VM is where it should be. */
function ignoreInPlace(error: unknown): void {
  if (!isFault(error, 'InvalidPowerState')) throw error;
}

async function stateOf(session: Session, vm: VmRef, signal: AbortSignal): Promise<PowerState> {
  const found = await requireVm(session, vm, ['runtime.powerState'], signal);
  const state = STATES[found.string('runtime.powerState') ?? ''];
  if (state !== undefined) return state;
  throw new MigrationError('source-busy', `The server does not say whether VM ${vm.name} is on`, { vm: vm.name });
}

async function powerOff(
  session: Session,
  { vm, graceSeconds, otherwise }: PowerOffOptions & { readonly vm: VmRef },
  signal: AbortSignal,
): ReturnType<PowerControl['powerOff']> {
  const state = await stateOf(session, vm, signal);
  if (state === 'off') return 'was-off';
  let reason = 'no time was given';
  if (state === 'suspended') reason = 'it is suspended: its memory would be lost';
  else if (graceSeconds > 0) {
    const refused = await askGuest(session, vm, signal);
    if (refused === undefined) {
      if (await waitForOff(session, { vm, seconds: graceSeconds }, signal)) return 'guest-shutdown';
      reason = `it did not shut down within ${graceSeconds} seconds`;
      if (otherwise === 'fail') throw new MigrationError('guest-shutdown-timeout', `VM ${vm.name}: ${reason}`, { vm: vm.name });
    } else reason = refused;
  }
  if (otherwise === 'fail')
    throw new MigrationError('guest-not-reachable', `VM ${vm.name} cannot be shut down: ${reason}`, { vm: vm.name });
  await runTask(session, 'PowerOffVM_Task', { on: vmRef(vm) }, signal).catch(ignoreInPlace);
  return 'forced';
}

/** Why the guest cannot be asked; undefined when it was. */
async function askGuest(session: Session, vm: VmRef, signal: AbortSignal): Promise<string | undefined> {
  try {
    await session.call('ShutdownGuest', vmRef(vm), {}, { signal });
    return undefined;
  } catch (error) {
    if (isFault(error, 'ToolsUnavailable')) return 'VMware Tools do not run in the guest';
    if (isFault(error, 'InvalidPowerState')) return undefined;
    throw error;
  }
}

async function waitForOff(
  session: Session,
  { vm, seconds }: { readonly vm: VmRef; readonly seconds: number },
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LOOK_MS)) {
    if ((await stateOf(session, vm, signal)) === 'off') return true;
    const left = deadline - performance.now();
    if (left <= 0) return false;
    await sleep(Math.min(pause, left), undefined, { signal });
  }
}
