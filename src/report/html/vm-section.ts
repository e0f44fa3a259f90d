/** One VM: what stands in the way, what becomes of each field, the manifests, and how far the migration is. */
import type { Concern } from '../../model/concern.ts';
import type { Decision } from '../../model/mapping.ts';
import type { VmProgress } from '../../model/plan.ts';
import type { VmReport } from '../../model/report.ts';
import { formatBytes } from '../../model/units.ts';
import type { ReportDepth } from '../depth.ts';
import { guestLine, hardwareLine, outcomeCounts, phaseSeconds, progressLine, valueChange } from '../describe.ts';
import { renderYaml } from '../yaml.ts';
import { anchor } from './fleet.ts';
import { type Html, html } from './markup.ts';

export function vmSection(entry: VmReport, depth: ReportDepth): Html {
  const { vm, plan, concerns, progress } = entry;
  const { decisions, manifests, targetName } = plan.mapping;
  return html`<section class="vm" id="${anchor(entry)}" aria-labelledby="${anchor(entry)}-name">
<h2 id="${anchor(entry)}-name">${vm.name}</h2>
<p class="lead">${guestLine(vm)}, ${hardwareLine(vm)}. Becomes VirtualMachine <code>${targetName}</code>.</p>
${concerns.length === 0 ? html`<p class="good">No concerns.</p>` : concerns.map(concern)}
${progress === undefined ? undefined : migration(progress)}
${
  depth === 'concerns'
    ? undefined
    : html`<details><summary>What becomes of each field: ${outcomeCounts(decisions)}</summary>${fields(decisions)}</details>
<details><summary>Manifests (${manifests.length})</summary><pre>${manifests.map(renderYaml).join('---\n')}</pre></details>`
}
<p><a href="#fleet">Back to all VMs</a></p>
</section>
`;
}

function concern({ category, label, id, subject, assessment }: Concern): Html {
  return html`<div class="concern ${category}"><span class="mark">${category}: ${label}</span>
<p>${assessment}</p><p class="soft"><code>${id}</code> at <code>${subject}</code></p></div>
`;
}

function fields(decisions: readonly Decision[]): Html {
  const order = ['changed', 'added', 'dropped', 'kept'];
  const sorted = decisions.toSorted((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  return html`<div class="scroll"><table><thead><tr><th scope="col">Outcome</th><th scope="col">Source</th><th scope="col">Target</th><th scope="col">Value</th><th scope="col">Because</th></tr></thead><tbody>
${sorted.map(
  (
    decision,
  ) => html`<tr><td class="mark ${decision.outcome}">${decision.outcome}</td><td><code>${decision.from}</code></td><td><code>${decision.to}</code></td><td>${valueChange(decision)}</td><td>${decision.because}</td></tr>
`,
)}</tbody></table></div>`;
}

function migration(progress: VmProgress): Html {
  return html`<h3>Migration: ${progressLine(progress)}</h3>
${progress.failure?.hint ? html`<p>${progress.failure.hint}</p>` : undefined}
<div class="scroll"><table><thead><tr><th scope="col">Phase</th><th scope="col" class="number">Seconds</th><th scope="col">Skipped because</th></tr></thead><tbody>
${progress.history.map((record) => html`<tr><td>${record.phase}</td><td class="number">${phaseSeconds(record).toFixed(1)}</td><td>${record.skipped ?? ''}</td></tr>`)}
</tbody></table></div>
<div class="scroll"><table><thead><tr><th scope="col">Disk</th><th scope="col" class="number">Size</th><th scope="col" class="number">Moved</th><th scope="col">Transport</th><th scope="col">Proof</th></tr></thead><tbody>
${progress.transfers.map(
  ({ job, size, moved, transport, proof }) =>
    html`<tr><td>${job}</td><td class="number">${formatBytes(size)}</td><td class="number">${formatBytes(moved)}</td><td>${transport}</td><td>${proof === undefined ? html`<span class="Warning">not proven</span>` : html`<span class="good">proven</span> <code>${proof.algorithm} ${proof.root}</code>`}</td></tr>`,
)}
</tbody></table></div>`;
}
