/** Which source networks and storages go where, drawn from left to right, one line a pair. A table says the same in words. */
import { compareText } from '../../model/concern.ts';
import type { Report, VmReport } from '../../model/report.ts';
import { count } from '../describe.ts';
import { type Html, html } from './markup.ts';

/** The stations of one thing on its way: source, where it passes through, target. Absent target: left out. */
interface Route {
  readonly stations: readonly string[];
  readonly lost: boolean;
}

interface Counted extends Route {
  readonly number: number;
}

const ROW = 42;
const BOX_HEIGHT = 30;
const BOX_WIDTH = 260;
const GAP = 110;
const CHARACTER = 7.4;

export function pictures({ vms }: Report): Html {
  return html`<h2 id="mapping">Networks and storage</h2>
${figure({ title: 'Networks', heads: ['Source network', 'VLAN', 'Target'], routes: vms.flatMap(networkRoutes), noun: 'NIC' })}
${figure({ title: 'Storage', heads: ['Datastore', 'Storage class'], routes: vms.flatMap(storageRoutes), noun: 'disk' })}`;
}

/** Read from the decisions, so that the picture shows what the manifests say. */
function networkRoutes({ vm, plan }: VmReport): Route[] {
  const targets = new Map(
    plan.mapping.decisions.flatMap(({ rule, from, value }) => (rule === 'network-target' ? [[from, value] as const] : [])),
  );
  return vm.nics.map(({ network }, index) => {
    const target = targets.get(`nics[${index}].network`);
    const vlan = network?.vlan === undefined ? 'not stated' : network.vlan === 0 ? 'untagged' : `VLAN ${network.vlan}`;
    const name = network?.name ?? 'no network stated';
    return { stations: [name, vlan, target?.replace(/ \(.*/, '') ?? 'left out'], lost: target === undefined };
  });
}

function storageRoutes({ vm, plan }: VmReport): Route[] {
  const { placements, manifests } = plan.mapping;
  const classes = new Map(
    manifests.flatMap((one) =>
      one.kind === 'PersistentVolumeClaim' ? [[one.metadata.name, one.spec.storageClassName] as const] : [],
    ),
  );
  const storages = new Map(vm.disks.map(({ key, storage }) => [key, storage?.name]));
  return placements.map(({ disk, claim }) => ({
    stations: [storages.get(disk) ?? 'not stated', classes.get(claim) ?? 'default class'],
    lost: false,
  }));
}

function tally(routes: readonly Route[]): readonly Counted[] {
  const groups = Map.groupBy(routes, ({ stations }) => JSON.stringify(stations));
  return [...groups.values()]
    .flatMap((group) => group.slice(0, 1).map((route) => ({ ...route, number: group.length })))
    .sort((a, b) => compareText(a.stations.join('\n'), b.stations.join('\n')));
}

interface Figure {
  readonly title: string;
  readonly heads: readonly string[];
  readonly routes: readonly Route[];
  readonly noun: string;
}

function figure({ title, heads, routes, noun }: Figure): Html | undefined {
  if (routes.length === 0) return undefined;
  const counted = tally(routes);
  return html`<figure><figcaption>${title}: ${heads.join(' → ')}. The numbers count ${noun}s.</figcaption>
<div class="scroll" tabindex="0" role="region" aria-label="${title}, drawn">${drawing({ title, heads, routes: counted })}</div>
<details><summary>${title} as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="${title}"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}<th scope="col">Used by</th></tr></thead><tbody>
${counted.map(({ stations, number }) => html`<tr>${stations.map((station) => html`<td>${station}</td>`)}<td>${count(number, noun)}</td></tr>`)}
</tbody></table></div></details></figure>
`;
}

function drawing({ title, heads, routes }: { title: string; heads: readonly string[]; routes: readonly Counted[] }): Html {
  const columns = heads.map((_, column) => [...new Set(routes.map(({ stations }) => stations[column] ?? ''))]);
  const rows = Math.max(...columns.map(({ length }) => length));
  const width = heads.length * BOX_WIDTH + (heads.length - 1) * GAP;
  const height = rows * ROW;
  const place = (column: number, name: string): { x: number; y: number } => {
    const names = columns[column] ?? [];
    // Short columns stand in the middle.
    return { x: column * (BOX_WIDTH + GAP), y: (names.indexOf(name) + (rows - names.length) / 2) * ROW + ROW / 2 };
  };
  const most = Math.max(...routes.map(({ number }) => number));
  const links = heads.slice(1).flatMap((_, column) =>
    merge(routes, column, column === heads.length - 2).map(({ from, to, number, lost }) => {
      const [start, end] = [place(column, from), place(column + 1, to)];
      return link(
        { x1: start.x + BOX_WIDTH, y1: start.y, x2: end.x, y2: end.y },
        { number, lost, share: number / most, label: column === 0 },
      );
    }),
  );
  return html`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}: a table below says the same">
${links}
${columns.map((names, column) => names.map((name) => box(name, place(column, name))))}
</svg>`;
}

/** Routes that have this part of the way in common are one line; only the last part can lead to nowhere. */
function merge(routes: readonly Counted[], column: number, last: boolean): readonly Line[] {
  const groups = Map.groupBy(routes, ({ stations }) => JSON.stringify([stations[column], stations[column + 1]]));
  return [...groups.values()].map((group) => ({
    from: group[0]?.stations[column] ?? '',
    to: group[0]?.stations[column + 1] ?? '',
    number: group.reduce((sum, { number }) => sum + number, 0),
    lost: last && group.every(({ lost }) => lost),
  }));
}

interface Line {
  readonly from: string;
  readonly to: string;
  readonly number: number;
  readonly lost: boolean;
}

interface Curve {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

function link(
  { x1, y1, x2, y2 }: Curve,
  { number, lost, share, label }: { number: number; lost: boolean; share: number; label: boolean },
): Html {
  const middle = (x1 + x2) / 2;
  const path = `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
  return html`<path class="link${lost ? ' lost' : ''}" d="${path}" style="stroke-width:${(1.5 + share * 5).toFixed(1)}"/>${label ? html`<text class="count" x="${middle}" y="${(y1 + y2) / 2 - 6}">${number}</text>` : undefined}
`;
}

function box(name: string, { x, y }: { x: number; y: number }): Html {
  const room = Math.floor((BOX_WIDTH - 24) / CHARACTER);
  return html`<g><title>${name}</title><rect class="box" x="${x + 1}" y="${y - BOX_HEIGHT / 2}" width="${BOX_WIDTH - 2}" height="${BOX_HEIGHT}" rx="6"/><text x="${x + 12}" y="${y + 5}">${name.length <= room ? name : `${name.slice(0, room - 1)}…`}</text></g>
`;
}
