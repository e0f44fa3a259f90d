/** All VMs in one table that can be sorted and filtered. */
import { worst } from '../../model/concern.ts';
import type { Report, VmReport } from '../../model/report.ts';
import { formatBytes } from '../../model/units.ts';
import { count, diskBytes, guestLine } from '../describe.ts';
import { type Html, html } from './markup.ts';

/** Address of a VM's part of the page. Target names are DNS-1123 labels, safe in an id. */
export function anchor({ plan }: VmReport): string {
  return `vm-${plan.mapping.targetName}`;
}

export function fleet({ vms }: Report): Html {
  return html`<h2 id="fleet">Virtual machines</h2>
<form class="filter" hidden role="search">
<label>Search <input id="filter-text" type="search" autocomplete="off"></label>
<label>Gravest concern <select id="filter-gravity"><option value="">any</option><option>Critical</option><option>Warning</option><option>Information</option><option value="none">none</option></select></label>
<span id="filter-count" class="soft" role="status"></span>
</form>
<div class="scroll"><table class="fleet">
<caption>One row a VM; its name leads to the details.</caption>
<thead><tr>${HEADS.map(([name, kind]) => html`<th scope="col" class="${kind}">${name}</th>`)}</tr></thead>
<tbody>
${vms.map(row)}</tbody></table></div>`;
}

const HEADS = [
  ['VM', ''],
  ['Target', ''],
  ['Guest', ''],
  ['vCPU', 'number'],
  ['Memory', 'number'],
  ['Disks', 'number'],
  ['NICs', 'number'],
  ['Concerns', ''],
  ['State', ''],
] as const;

function row(entry: VmReport): Html {
  const { vm, plan, progress, concerns } = entry;
  const gravity = worst(concerns) ?? 'none';
  return html`<tr data-gravity="${gravity}">
<td data-label="VM"><a href="#${anchor(entry)}">${vm.name}</a></td>
<td data-label="Target">${plan.mapping.targetName}</td>
<td data-label="Guest">${guestLine(vm)}</td>
<td data-label="vCPU" class="number">${vm.cpu.count ?? '?'}</td>
<td data-label="Memory" class="number" data-sort="${vm.memory.size ?? 0}">${vm.memory.size === undefined ? '?' : formatBytes(vm.memory.size)}</td>
<td data-label="Disks" class="number" data-sort="${diskBytes(vm)}">${vm.disks.length}, ${formatBytes(diskBytes(vm))}</td>
<td data-label="NICs" class="number">${vm.nics.length}</td>
<td data-label="Concerns" data-sort="${gravityOrder(gravity)}"><span><span class="mark ${gravity}">${gravity}</span>${concerns.length > 1 ? html` <span class="soft">(${count(concerns.length, 'concern')})</span>` : undefined}</span></td>
<td data-label="State">${progress?.phase ?? 'not started'}</td>
</tr>
`;
}

function gravityOrder(gravity: string): number {
  return ['Critical', 'Warning', 'Information', 'none'].indexOf(gravity);
}
