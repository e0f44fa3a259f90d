/** Facts without a field of their own. What is at its default says nothing and is left out. */
import type { ExtraFact } from '../../../src/model/vm.ts';
import { diskKey } from '../disk-key.ts';
import type { Vm } from '../scripts/vm-answer.ts';
import { adapterKey } from './nics.ts';

const MAX_VALUE = 500;
/** Items of the guest that are told elsewhere, or that Windows tells of itself. */
const TOLD =
  /^(OS(Name|MajorVersion|MinorVersion|BuildNumber|PlatformId|EditionId|KernelVersion|Signature|Vendor|DistributionName|DistributionData)|CSDVersion|SuiteMask|ProductType|ServicePack(Major|Minor)|FullyQualifiedDomainName|IntegrationServicesVersion|(NetworkAddress|RDPAddress)IPv[46]|ProcessorArchitecture)$/;
/** `PROCESSOR_ARCHITECTURE_AMD64` of Windows; Linux writes the word. */
const AMD64 = new Set(['9', 'x86_64', 'amd64']);

type Value = string | number | boolean | null | undefined;

export function readExtras(vm: Vm): readonly ExtraFact[] {
  return [
    ...(vm.unread ?? []).map((cmdlet) => ({ path: `unread/${cmdlet}`, value: 'failed for this VM' })),
    ...facts({
      path: vm.path,
      createdAt: vm.createdAt,
      automaticStop: vm.automaticStop,
      startDelaySeconds: unless(vm.startDelaySeconds, 0),
      checkpointType: unless(vm.checkpointType, 'Production'),
      'processor/maximumPerNumaSocket': unless(vm.processor.maximumPerNumaSocket, 1),
      'memory/buffer': vm.memory.dynamic ? vm.memory.buffer : undefined,
      'identity/baseBoardSerial': unless(vm.identity.baseBoardSerial, vm.identity.biosSerial),
      'identity/chassisSerial': unless(vm.identity.chassisSerial, vm.identity.biosSerial),
      'firmware/networkProtocol': unless(vm.firmware?.networkProtocol, 'IPv4'),
      'firmware/consoleMode': unless(vm.firmware?.consoleMode, 'Default'),
      'bios/numLock': vm.bios?.numLock === true ? true : undefined,
      'security/encryptedState': vm.security?.encryptedState === true ? true : undefined,
    }),
    ...vm.disks.flatMap((disk) =>
      facts({
        [`disks/${diskKey(disk)}/pool`]: unless(disk.pool, 'Primordial'),
        [`disks/${diskKey(disk)}/identifier`]: disk.chain[0]?.identifier,
      }),
    ),
    ...vm.adapters.flatMap(({ id, deviceNaming }) =>
      facts({ [`adapters/${adapterKey(id)}/deviceNaming`]: deviceNaming === true ? true : undefined }),
    ),
    ...readKvp(vm),
  ];
}

function readKvp({ kvp }: Vm): readonly ExtraFact[] {
  const processor = kvp['ProcessorArchitecture'];
  return [
    ...facts({ 'kvp/ProcessorArchitecture': AMD64.has(processor ?? '9') ? undefined : processor }),
    ...Object.entries(kvp).flatMap(([name, value]) => (TOLD.test(name) ? [] : facts({ [`kvp/${name}`]: value }))),
  ];
}

function unless<T extends Value>(value: T, usual: Value): T | undefined {
  return value === usual ? undefined : value;
}

function facts(values: Readonly<Record<string, Value>>): readonly ExtraFact[] {
  return Object.entries(values).flatMap(([path, value]) => {
    if (value === null || value === undefined || value === '') return [];
    const text = String(value);
    return [{ path, value: text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}… (${text.length} characters)` : text }];
  });
}
