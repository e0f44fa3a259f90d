/** Facts that SourceVm has no field for. Values that only say «nothing special» are left out. */
import type { ExtraFact, Nic } from '../../src/model/vm.ts';
import { flag, number, text } from './cells.ts';
import type { Row, VmRows } from './fleet.ts';
import { SHEETS } from './sheets.ts';

type InfoColumn = keyof Row<'vInfo'>;

/** Column of vInfo → the values that say nothing. */
const INFO: readonly (readonly [InfoColumn, RegExp])[] = [
  ['placeholder', /^(?:false|0)$/i],
  ['haIsolation', /^(?:none|clusterIsolationResponse)$/i],
  ['haMonitoring', /^(?:vmMonitoringDisabled|clusterSettings)$/i],
  ['rules', /^$/],
  ['ruleNames', /^$/],
  ['bootDelay', /^0$/],
  ['enableUuid', /^(?:false|0)$/i],
  ['monitors', /^[01]$/],
  ['videoRam', /^0$/],
  ['path', /^$/],
  ['created', /^$/],
  ['provisioned', /^$/],
  ['inUse', /^$/],
  ['server', /^$/],
];

export function readExtras(rows: VmRows, nics: readonly Nic[]): readonly ExtraFact[] {
  const { info } = rows;
  const extras: ExtraFact[] = [];
  const add = (path: string, value: string | undefined): void => {
    if (value !== undefined) extras.push({ path, value });
  };
  for (const [key, quiet] of INFO) {
    const value = text(info[key]);
    if (value === undefined || quiet.test(value)) continue;
    // CSV files capitalise booleans, workbooks store them.
    add(`vInfo/${SHEETS.vInfo.columns[key].title}`, /^true$/i.test(value) ? 'true' : value);
  }
  const address = text(info.primaryIp);
  if (!nics.some(({ addresses }) => addresses?.includes(address ?? ''))) add('vInfo/Primary IP Address', address);
  if (text(info.os) !== undefined && text(info.os) !== text(info.osTools)) {
    add('vInfo/OS according to the VMware Tools', text(info.osTools));
  }
  if (rows.vDisk === undefined) {
    add('vInfo/Disks', text(info.disks));
    add('vInfo/Total disk capacity MiB', text(info.diskTotal));
  }
  if (rows.vNetwork === undefined) add('vInfo/NICs', text(info.nics));
  if (flag(rows.vCPU?.[0]?.numaExposed) === true) add('vCPU/Numa Hotadd Exposed', 'true');
  const sizes = (rows.vSnapshot ?? []).map(({ size }) => number(size)).filter((size) => size !== undefined);
  if (sizes.length > 0) add('vSnapshot/Size MiB (total)', String(sizes.reduce((sum, size) => sum + size, 0)));
  for (const { label, directPath } of rows.vNetwork ?? []) {
    if (flag(directPath) === true) add(`vNetwork/${text(label) ?? 'NIC'}/Direct Path IO`, 'true');
  }
  return extras;
}
