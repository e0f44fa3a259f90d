import type { PowerState } from '../../../src/model/vm.ts';

const STATES: Readonly<Record<string, PowerState>> = {
  Running: 'on',
  Starting: 'on',
  Stopping: 'on',
  Resuming: 'on',
  Reset: 'on',
  Off: 'off',
  // The guest's memory lies in a file or waits in the host's: nobody else can go on with it.
  Saved: 'suspended',
  Saving: 'suspended',
  FastSaved: 'suspended',
  FastSaving: 'suspended',
  Paused: 'suspended',
  Pausing: 'suspended',
};
const CRITICAL = /Critical$/;

/** `Get-VM` State. Undefined for one that says nothing about power (`Other`). */
export function powerState(state: string): PowerState | undefined {
  return STATES[state.replace(CRITICAL, '')];
}

/** Critical: the host has lost the storage of the VM's files (`OffCritical`, `PausedCritical`, …). */
export function isCritical(state: string): boolean {
  return CRITICAL.test(state);
}
