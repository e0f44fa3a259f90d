/** Edits of the registry of a Windows that is not running. Pure. */
import type { ConversionChange } from '../../../model/conversion.ts';
import type { ServiceStart } from './services.ts';

/** A number of a hive, in its place. */
export interface NumberEdit {
  readonly at: number;
  /** Below 128. */
  readonly number: number;
  readonly change: ConversionChange;
}

/** Services of VMware Tools. Its drivers stay: they find no device and do nothing, and some filter others' devices. */
export const VMWARE_SERVICES = [
  'VMTools',
  'VGAuthService',
  'vm3dservice',
  'VMware Physical Disk Helper Service',
  'VMUpgradeHelper',
];

const DISABLED = 4;

/**
 * Services of the old hypervisor no longer start: without it they only fill the event log. virt-v2v uninstalls VMware Tools at the first boot
 * where their setup lets it; disabled services do not hinder that.
 */
export function planServices(services: readonly ServiceStart[]): readonly NumberEdit[] {
  return services.flatMap(({ name, start, at }): NumberEdit[] => {
    if (!VMWARE_SERVICES.includes(name) || at === undefined || start === DISABLED) return [];
    return [{ at, number: DISABLED, change: { subject: 'tools', what: `The service ${name} of VMware Tools is disabled.` } }];
  });
}
