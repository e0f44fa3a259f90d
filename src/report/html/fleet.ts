/** All VMs in one table that can be sorted and filtered. Rows are lean: there may be thousands of them. */
import { worst } from '../../model/concern.ts';
import type { Report, VmReport } from '../../model/report.ts';
import { formatBytes } from '../../model/units.ts';
import { count, diskBytes, guestLine } from '../describe.ts';
import { about } from '../durations.ts';
import { type Html, html } from './markup.ts';

/** Address of a VM's part of the page. Target names are DNS-1123 labels, safe in an id. */
export function anchor({ plan }: VmReport): string {
  return `vm-${plan.mapping.targetName}`;
}

interface FleetOptions {
  /** VMs that have details on this page: the first ones. */
  readonly detailed: number;
  /** Every VM has a page of its own. */
  readonly pages: boolean;
}

export function fleet({ vms, waves }: Report, { detailed, pages }: FleetOptions): Html {
  const begun = vms.some(({ progress }) => progress !== undefined);
  const waveOf = new Map(waves?.waves.flatMap((wave) => wave.vms.map(({ vm }) => [vm, wave.number] as const)));
  return html`<h2 id="fleet">Virtual machines</h2>
<form class="filter" hidden role="search" aria-label="Virtual machines">
<label>Search <input id="filter-text" type="search" autocomplete="off" placeholder="name, guest, target"></label>
<label>Gravest concern <select id="filter-gravity"><option value="">any</option><option>Critical</option><option>Warning</option><option>Information</option><option value="none">none</option></select></label>
<span id="filter-count" class="soft" role="status"></span>
</form>
<div class="scroll" tabindex="0" role="region" aria-label="Virtual machines"><table class="fleet">
<caption>One row a VM; its name leads to the details. The heads sort.</caption>
<thead><tr>${HEADS.slice(0, begun ? HEADS.length : -1).map(([name, kind]) => html`<th scope="col" class="${kind}">${name}</th>`)}</tr></thead>
<tbody>
${vms.map((entry, index) => row(entry, { link: linkTo(entry, index < detailed, pages), wave: waveOf.get(entry.vm.ref.id), begun }))}</tbody></table></div>`;
}

/** The order of the cells, the last one only once a migration has begun; on a phone the style sheet repeats these words beside each value. */
const HEADS = [
  ['VM', ''],
  ['Guest', ''],
  ['vCPU', 'number'],
  ['Memory', 'number'],
  ['Disks', 'number'],
  ['Concerns', ''],
  ['Readiness', 'number'],
  ['Copy', 'number'],
  ['Downtime', 'number'],
  ['Wave', 'number'],
  ['State', ''],
] as const;

export const HEAD_WORDS: readonly string[] = HEADS.map(([name]) => name);

function linkTo(entry: VmReport, here: boolean, pages: boolean): string | undefined {
  if (here) return `#${anchor(entry)}`;
  return pages ? `${entry.plan.mapping.targetName}/report.html` : undefined;
}

interface RowOptions {
  readonly link: string | undefined;
  readonly wave: number | undefined;
  /** A migration has begun: the last column says how far it is. */
  readonly begun: boolean;
}

function row(entry: VmReport, { link, wave, begun }: RowOptions): Html {
  const { vm, plan, progress, concerns, readiness, estimate } = entry;
  const gravity = worst(concerns) ?? 'none';
  const { targetName } = plan.mapping;
  return html`<tr data-gravity="${gravity}"><th scope="row">${link === undefined ? vm.name : html`<a href="${link}">${vm.name}</a>`}${targetName === vm.name ? undefined : html`<br><span class="soft">${targetName}</span>`}</th><td>${guestLine(vm)}</td><td class="number">${vm.cpu.count ?? '?'}</td>${size(vm.memory.size)}${size(diskBytes(vm), vm.disks.length)}<td data-sort="${GRAVITIES.indexOf(gravity)}"><span><span class="mark ${gravity}">${gravity}</span>${concerns.length > 1 ? html` <span class="soft">${count(concerns.length, 'concern')}</span>` : undefined}</span></td><td class="number"${readiness && scoreStyle(readiness.score)}>${readiness === undefined ? '–' : html`<span class="score">${readiness.score}</span>`}</td>${duration(estimate?.copySeconds.likely)}${duration(estimate?.downtimeSeconds.likely)}<td class="number">${wave ?? '–'}</td>${begun ? html`<td>${progress?.phase ?? 'not started'}</td>` : undefined}</tr>
`;
}

const GRAVITIES = ['Critical', 'Warning', 'Information', 'none'];

function scoreStyle(score: number): Html {
  return html` style="--share:${score}%"`;
}

function size(bytes: number | undefined, disks?: number): Html {
  if (bytes === undefined) return html`<td class="number" data-sort="-1">?</td>`;
  return html`<td class="number" data-sort="${bytes}">${disks === undefined ? undefined : `${disks}, `}${formatBytes(bytes)}</td>`;
}

function duration(seconds: number | undefined): Html {
  if (seconds === undefined) return html`<td class="number" data-sort="-1">–</td>`;
  return html`<td class="number" data-sort="${Math.round(seconds)}">${about(seconds)}</td>`;
}
