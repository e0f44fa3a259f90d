/** Which source networks and storages go where, drawn: source left, target right, one line a pair. A table says the same in words. */
import { compareText } from '../../model/concern.ts';
import type { Report, VmReport } from '../../model/report.ts';
import { count } from '../describe.ts';
import { type Html, html } from './markup.ts';

interface Pair {
  readonly from: string;
  /** Absent when there is no target. */
  readonly to?: string;
}

interface Link extends Pair {
  readonly number: number;
}

const ROW = 44;
const BOX = { width: 300, height: 32 };
const WIDTH = 860;
const LABEL_LENGTH = 40;

export function pictures(report: Report): Html {
  return html`<h2 id="mapping">Networks and storage</h2>
${figure('Networks: source network, then target', tally(report.vms.flatMap(networkPairs)), 'NIC')}
${figure('Storage: source datastore, then storage class', tally(report.vms.flatMap(storagePairs)), 'disk')}`;
}

/** Read from the decisions, so that the picture shows what the manifests say. */
function networkPairs({ vm, plan }: VmReport): Pair[] {
  return vm.nics.map(({ network }, index) => {
    const from = network === undefined ? 'no network stated' : `${network.name}${network.vlan ? ` (VLAN ${network.vlan})` : ''}`;
    const decision = plan.mapping.decisions.find((candidate) => candidate.from === `nics[${index}].network`);
    return decision?.value === undefined ? { from } : { from, to: decision.value.replace(/ \(.*/, '') };
  });
}

function storagePairs({ vm, plan }: VmReport): Pair[] {
  return plan.mapping.placements.map(({ disk, claim }) => {
    const from = vm.disks.find(({ key }) => key === disk)?.storage?.name ?? 'no storage stated';
    const manifest = plan.mapping.manifests.find(
      ({ kind, metadata }) => kind === 'PersistentVolumeClaim' && metadata.name === claim,
    );
    const storageClass = manifest?.kind === 'PersistentVolumeClaim' ? manifest.spec.storageClassName : undefined;
    return { from, to: storageClass ?? 'the cluster’s default class' };
  });
}

function tally(pairs: readonly Pair[]): readonly Link[] {
  const groups = Map.groupBy(pairs, ({ from, to }) => JSON.stringify([from, to]));
  return [...groups.values()]
    .flatMap((group) => group.slice(0, 1).map((pair) => ({ ...pair, number: group.length })))
    .sort((a, b) => compareText(a.from, b.from) || compareText(a.to ?? '', b.to ?? ''));
}

function figure(title: string, links: readonly Link[], noun: string): Html | undefined {
  if (links.length === 0) return undefined;
  const left = [...new Set(links.map(({ from }) => from))];
  const right = [...new Set(links.map(target))];
  const height = Math.max(left.length, right.length) * ROW;
  return html`<figure><figcaption>${title}</figcaption>
<div class="scroll"><svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${title}. The table below says the same.">
${links.map((link) => line(link, left.indexOf(link.from), right.indexOf(target(link))))}
${left.map((name, index) => box(name, 0, index))}
${right.map((name, index) => box(name, WIDTH - BOX.width, index))}
</svg></div>
<details><summary>As a table</summary><table><thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Used by</th></tr></thead><tbody>
${links.map((link) => html`<tr><td>${link.from}</td><td>${target(link)}</td><td>${count(link.number, noun)}</td></tr>`)}
</tbody></table></details></figure>
`;
}

function target({ to }: Pair): string {
  return to ?? 'left out';
}

function box(name: string, x: number, index: number): Html {
  const y = index * ROW + (ROW - BOX.height) / 2;
  return html`<g><title>${name}</title><rect class="box" x="${x + 1}" y="${y}" width="${BOX.width - 2}" height="${BOX.height}" rx="6"/><text x="${x + 12}" y="${y + 21}">${shorten(name)}</text></g>
`;
}

function line({ to, number }: Link, from: number, end: number): Html {
  const y1 = from * ROW + ROW / 2;
  const y2 = end * ROW + ROW / 2;
  const x1 = BOX.width;
  const x2 = WIDTH - BOX.width;
  const middle = (x1 + x2) / 2;
  return html`<path class="link${to === undefined ? ' lost' : ''}" d="M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}"/><text class="soft" x="${x1 + 10}" y="${y1 - 6}">${number}</text>
`;
}

function shorten(name: string): string {
  return name.length <= LABEL_LENGTH ? name : `${name.slice(0, LABEL_LENGTH - 1)}…`;
}
