/** One VM: what stands in the way, what it will take, what becomes of each field, the manifests, and how far the migration is. */
import { type Concern, worst } from '../../model/concern.ts';
import type { Estimate, Readiness } from '../../model/estimate.ts';
import type { Decision } from '../../model/mapping.ts';
import type { VmProgress } from '../../model/plan.ts';
import type { VmReport } from '../../model/report.ts';
import { formatBytes } from '../../model/units.ts';
import type { ReportDepth } from '../depth.ts';
import {
  concernCounts,
  guestLine,
  hardwareLine,
  outcomeCounts,
  phaseSeconds,
  progressLine,
  proofText,
  provenLine,
  repairText,
  valueChange,
} from '../describe.ts';
import { spreadText } from '../durations.ts';
import { guestExhibits, plannedExhibits } from '../guest/index.ts';
import { measuredExhibits, waitText } from '../warm.ts';
import { renderYaml } from '../yaml.ts';
import { assumptionTable } from './assumptions.ts';
import { exhibit } from './exhibit.ts';
import { anchor } from './fleet.ts';
import { type Html, html } from './markup.ts';

interface SectionOptions {
  readonly open: boolean;
  /** The VM has a page of its own beside this one. */
  readonly page: boolean;
  /** From this page to the report's folder. */
  readonly up: '' | '../';
}

export function vmSection(entry: VmReport, depth: ReportDepth, { open, page, up }: SectionOptions): Html {
  const { vm, plan, concerns, estimate, readiness, progress } = entry;
  const { decisions, manifests, targetName } = plan.mapping;
  const gravity = worst(concerns);
  return html`<details class="vm" id="${anchor(entry)}"${open ? html` open` : undefined}>
<summary><h3>${vm.name}</h3> <span class="mark ${gravity ?? 'good'}">${gravity === undefined ? 'no concerns' : concernCounts(entry)}</span></summary>
<p class="lead">${guestLine(vm)}; ${hardwareLine(vm)}. Becomes VirtualMachine <code>${targetName}</code>.</p>
${page ? html`<p><a href="${targetName}/report.html">Page of this VM, with fields and manifests</a></p>` : undefined}
${estimate && prediction(estimate, readiness)}
${concerns.map(concern)}
${progress && migration(progress)}
${[...measuredExhibits(entry), ...guestExhibits(entry)].map((one) => exhibit(one, { level: 4, up }))}
${
  depth === 'concerns'
    ? undefined
    : html`${plannedExhibits(plan).map((one) => exhibit(one, { level: 4, up }))}
<details><summary>What becomes of each field: ${outcomeCounts(decisions)}</summary>${fields(decisions, vm.name)}</details>
<details><summary>Manifests (${manifests.length})</summary><pre tabindex="0">${manifests.map(renderYaml).join('---\n')}</pre></details>`
}
</details>
`;
}

function prediction(estimate: Estimate, readiness: Readiness | undefined): Html {
  const { bytes, copySeconds, downtimeSeconds, totalSeconds, warm } = estimate;
  const figures: readonly (readonly [string, string])[] = [
    ['To move', formatBytes(bytes)],
    ['Copy and proof', spreadText(copySeconds)],
    ['Downtime', spreadText(downtimeSeconds)],
    ['In all', spreadText(totalSeconds)],
  ];
  return html`<dl class="facts">${figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}${readiness && html`<div><dt>Readiness</dt><dd>${readiness.score} of 100</dd></div>`}</dl>
${readiness && readiness.reasons.length > 0 ? html`<p class="soft">Readiness is less than 100 because: ${readiness.reasons.map(({ because, points }) => `${because} (−${points})`).join('; ')}.</p>` : undefined}
${warm?.advice.map((line) => html`<p>${line}</p>`)}
<details><summary>What this prediction assumes</summary>${assumptionTable(estimate.assumptions, 'About this VM')}</details>`;
}

function concern({ category, label, id, subject, assessment }: Concern): Html {
  return html`<div class="concern ${category}"><p class="mark">${category}: ${label}</p>
<p>${assessment}</p><p class="soft"><code>${id}</code> at <code>${subject}</code></p></div>
`;
}

const OUTCOMES = ['changed', 'added', 'dropped', 'kept'];

function fields(decisions: readonly Decision[], vm: string): Html {
  const sorted = decisions.toSorted((a, b) => OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Fields of ${vm}"><table class="fields"><thead><tr><th scope="col">Outcome</th><th scope="col">Source</th><th scope="col">Target</th><th scope="col">Value</th><th scope="col">Because</th></tr></thead><tbody>
${sorted.map(
  (
    decision,
  ) => html`<tr><td class="mark ${decision.outcome}">${decision.outcome}</td><td><code>${decision.from}</code></td><td><code>${decision.to}</code></td><td>${valueChange(decision)}</td><td>${decision.because}</td></tr>
`,
)}</tbody></table></div>`;
}

function migration(progress: VmProgress): Html {
  const waits = waitText(progress);
  const proven = provenLine(progress);
  return html`<h4>Migration: ${progressLine(progress)}</h4>
${waits === '' ? undefined : html`<p>${waits}</p>`}
${progress.failure?.hint ? html`<p>${progress.failure.hint}</p>` : undefined}
<div class="scroll" tabindex="0" role="region" aria-label="Phases"><table><thead><tr><th scope="col">Phase</th><th scope="col" class="number">Seconds</th><th scope="col">Skipped because</th></tr></thead><tbody>
${progress.history.map((record) => html`<tr><th scope="row">${record.phase}</th><td class="number">${phaseSeconds(record).toFixed(1)}</td><td>${record.skipped ?? ''}</td></tr>`)}
</tbody></table></div>
<div class="scroll" tabindex="0" role="region" aria-label="Disks"><table><thead><tr><th scope="col">Disk</th><th scope="col" class="number">Size</th><th scope="col" class="number">Moved</th><th scope="col" class="number">Passes</th><th scope="col" class="number">Seconds</th><th scope="col">Transport</th><th scope="col">Repaired</th><th scope="col">Proof</th></tr></thead><tbody>
${progress.transfers.map(
  ({ job, size, moved, passes, seconds, transport, proof, ...result }) =>
    html`<tr><th scope="row">${job}</th><td class="number">${formatBytes(size)}</td><td class="number">${formatBytes(moved)}</td><td class="number">${passes ?? 1}</td><td class="number">${seconds.toFixed(1)}</td><td>${transport}</td><td>${repairText(result)}</td><td>${proof === undefined ? html`<span class="Warning">not proven</span>` : html`<span class="good">proven</span> <code>${proofText(proof)}</code>`}</td></tr>`,
)}
</tbody></table></div>
${proven === '' ? undefined : html`<p>${proven}.</p>`}`;
}
