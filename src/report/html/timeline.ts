/** The waves on a time line, drawn and as a table. Time is relative: day 1 is whenever the first wave starts. */
import type { Wave, WavePlan } from '../../model/estimate.ts';
import { formatBytes } from '../../model/units.ts';
import { count } from '../describe.ts';
import { about, bottleneckText, startText, wavesLine } from '../durations.ts';
import { type Html, html } from './markup.ts';

const HOUR = 3600;
const ROW = 30;
const TOP = 30;
const LABELS = 210;
const WIDTH = 1000;
/** A bar that is too short to see says nothing. */
const SHORTEST = 4;
/** More names than this make a wave unreadable; the table of VMs can be searched. */
const NAMES_SHOWN = 60;

export function timeline(plan: WavePlan): Html | undefined {
  const { waves } = plan;
  if (waves.length === 0) return undefined;
  return html`<h2 id="waves">Waves</h2>
<p>${wavesLine(plan)}. Easy VMs come first; VMs that share something stay together.</p>
<figure><figcaption>When each wave runs, inside of its window: dark while it copies, light while the last VMs are converted and started. The table below says the same in words.</figcaption>
<div class="scroll" tabindex="0" role="region" aria-label="Time line of the waves">${drawing(plan)}</div></figure>
${plan.concerns.map(({ category, label, assessment }) => html`<div class="concern ${category}"><p class="mark">${category}: ${label}</p><p>${assessment}</p></div>`)}
<div class="scroll" tabindex="0" role="region" aria-label="Waves"><table class="waves">
<caption>Waves in their order; starts are counted from the first one.</caption>
<thead><tr><th scope="col">Wave</th><th scope="col">Starts</th><th scope="col">Takes</th><th scope="col" class="number">VMs</th><th scope="col" class="number">To move</th><th scope="col">Held back by</th><th scope="col">Which</th></tr></thead><tbody>
${waves.map(row)}</tbody></table></div>`;
}

function row(wave: Wave): Html {
  const { number, kind, startSeconds, endSeconds, vms, bytes, bottleneck, notes } = wave;
  const names = vms.slice(0, NAMES_SHOWN).map(({ name }) => name);
  const more = vms.length > names.length ? ` and ${vms.length - names.length} more` : '';
  return html`<tr><th scope="row">${number}${kind === 'regular' ? '' : html` <span class="mark ${kind === 'oversized' ? 'Warning' : 'Information'}">${kind}</span>`}</th><td>${startText(startSeconds)}</td><td>${about(endSeconds - startSeconds)}</td><td class="number">${vms.length}</td><td class="number">${formatBytes(bytes)}</td><td>${bottleneck === undefined ? '' : bottleneckText(bottleneck)}</td><td>${notes.map((note) => html`<p class="soft">${note}</p>`)}<details><summary>${count(vms.length, 'VM')}</summary><p>${names.join(', ')}${more}</p></details></td></tr>
`;
}

function drawing({ waves, window }: WavePlan): Html {
  const end = waves.reduce((last, { endSeconds }) => Math.max(last, endSeconds), 0);
  const span = Math.max(end, (waves.at(-1)?.startSeconds ?? 0) + window.hours * HOUR);
  const scale = (WIDTH - LABELS - 10) / span;
  const at = (seconds: number): number => Math.round((LABELS + seconds * scale) * 10) / 10;
  const height = TOP + waves.length * ROW + 4;
  return html`<svg class="timeline" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Time line: ${count(waves.length, 'wave')} in ${about(span)}">
${ticks(span).map(({ seconds, label }) => html`<line class="grid" x1="${at(seconds)}" y1="${TOP - 8}" x2="${at(seconds)}" y2="${height}"/><text class="soft" x="${at(seconds) + 3}" y="14">${label}</text>`)}
${waves.map((wave, index) => bar(wave, { y: TOP + index * ROW, at, window: window.hours * HOUR }))}
</svg>`;
}

function bar(wave: Wave, { y, at, window }: { y: number; at: (seconds: number) => number; window: number }): Html {
  const { number, kind, startSeconds, endSeconds, vms, bytes } = wave;
  const x = at(startSeconds);
  const width = (end: number): number => Math.max(SHORTEST, Math.round((at(end) - x) * 10) / 10);
  const copied = startSeconds + vms.reduce((last, { copiedSeconds }) => Math.max(last, copiedSeconds), 0);
  return html`<g><title>Wave ${number}: ${count(vms.length, 'VM')}, ${formatBytes(bytes)}, ${about(endSeconds - startSeconds)}</title>
<rect class="window" x="${x}" y="${y + 3}" width="${width(startSeconds + window)}" height="${ROW - 8}" rx="3"/>
<rect class="bar late" x="${x}" y="${y + 3}" width="${width(endSeconds)}" height="${ROW - 8}" rx="3"/>
<rect class="bar ${kind}" x="${x}" y="${y + 3}" width="${width(copied)}" height="${ROW - 8}" rx="3"/>
<text x="0" y="${y + 18}">${number}${kind === 'regular' ? '' : ` ${kind}`}: ${count(vms.length, 'VM')}, ${formatBytes(bytes)}</text></g>
`;
}

/** Steps that people count time in. */
const STEPS: readonly (readonly [number, 'h' | 'd'])[] = [
  [1, 'h'],
  [2, 'h'],
  [4, 'h'],
  [8, 'h'],
  [24, 'd'],
  [48, 'd'],
  [120, 'd'],
  [240, 'd'],
  [720, 'd'],
  [2400, 'd'],
];
const MOST_TICKS = 12;

function ticks(span: number): readonly { readonly seconds: number; readonly label: string }[] {
  const [hours, unit] = STEPS.find(([step]) => span / (step * HOUR) <= MOST_TICKS) ?? [span / HOUR / MOST_TICKS, 'd'];
  // One at the very end would have no room for its word.
  const number = Math.ceil(span / (hours * HOUR));
  return Array.from({ length: number }, (_, index) => ({
    seconds: index * hours * HOUR,
    label: unit === 'h' ? `${index * hours} h` : `day ${Math.round((index * hours) / 24) + 1}`,
  }));
}
