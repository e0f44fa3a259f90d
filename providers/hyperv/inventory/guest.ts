/** What the guest says of itself through the data exchange (KVP) of its integration services. */

import { defined } from '../../../src/model/defined.ts';
import type { Guest, GuestTools } from '../../../src/model/vm.ts';
import type { Vm } from '../scripts/vm-answer.ts';
import { powerState } from './power-state.ts';

/** Components of the integration services. Names at the host are in its language; these ids are the same everywhere. */
const SERVICES: Readonly<Record<string, string>> = {
  '84eaae65-2f2e-45f5-9bb5-0e857dc8eb47': 'Heartbeat',
  '9f8233ac-be49-4c79-8ee3-e7e1985b2077': 'Shutdown',
  '2497f4de-e9fa-4204-80e4-4b75c46419c0': 'Time Synchronization',
  '2a34b1c2-fd73-4043-8a5b-dd2159bc743f': 'Key-Value Pair Exchange',
  '5ced1297-4598-4915-a5fc-ad21bb4d02a4': 'VSS',
  '6c09bb55-d683-4da0-8931-c9bf705f6480': 'Guest Service Interface',
};

export function readGuest(vm: Vm): Guest {
  const { kvp } = vm;
  const osName = said(kvp['OSName']);
  return defined({
    osId: osName,
    osIdKind: osName === undefined ? undefined : ('hyperv' as const),
    osName: osName === undefined ? undefined : fullName(osName, vm),
    hostname: said(kvp['FullyQualifiedDomainName']),
    tools: readTools(vm),
  });
}

/** Linux tells the distribution and its release apart: `Red Hat Enterprise Linux`, 8, 6. Names of Windows hold their release. */
function fullName(name: string, { kvp }: Vm): string {
  const major = said(kvp['OSMajorVersion']);
  if (major === undefined || /windows/i.test(name) || /\d/.test(name)) return name;
  const minor = said(kvp['OSMinorVersion']);
  return minor === undefined || minor === '0' ? `${name} ${major}` : `${name} ${major}.${minor}`;
}

/** Services speak while the guest runs; of a VM that is off nobody can tell what is installed in it. */
function readTools({ state, kvp, integration }: Vm): GuestTools | undefined {
  if (powerState(state) !== 'on' || integration.length === 0) return undefined;
  const services = integration.map(({ id, enabled, ok }) => ({
    name: SERVICES[id] ?? id,
    enabled,
    ...(typeof ok === 'boolean' && { running: ok }),
  }));
  const named = (name: string): (typeof services)[number] | undefined => services.find((service) => service.name === name);
  const heartbeat = named('Heartbeat');
  const time = named('Time Synchronization');
  return {
    installed: Object.keys(kvp).length > 0 || services.some(({ running }) => running === true),
    ...defined({
      version: said(kvp['IntegrationServicesVersion']),
      running: heartbeat?.enabled === true ? heartbeat.running : undefined,
      timeSync: time === undefined ? undefined : time.enabled && time.running !== false,
    }),
    services,
  };
}

function said(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? undefined : trimmed;
}
