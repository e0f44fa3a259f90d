/** The numbers behind every prediction: where each comes from decides how far to trust it. */
import type { Assumption } from '../../model/estimate.ts';
import type { Report } from '../../model/report.ts';
import { assumptionText } from '../durations.ts';
import { type Html, html } from './markup.ts';

export function assumptions({ assumptions: run = [], waves }: Report): Html | undefined {
  const figures = [...run, ...(waves?.assumptions ?? [])];
  if (figures.length === 0) return undefined;
  return html`<h2 id="assumptions">Assumptions</h2>
<p>Predictions are no better than the numbers they rest on. Give what you know: <code>--link-rate</code>, <code>--parallel-per-host</code>, <code>--parallel-per-datastore</code>, <code>--parallel-per-target</code>, <code>--window-hours</code>.</p>
${assumptionTable(figures, 'What all predictions rest on')}`;
}

export function assumptionTable(figures: readonly Assumption[], caption: string): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr><th scope="col">Number</th><th scope="col">Value</th><th scope="col">From</th><th scope="col">Why</th></tr></thead><tbody>
${figures.map(
  (
    one,
  ) => html`<tr><th scope="row"><code>${one.id}</code></th><td>${assumptionText(one)}</td><td>${one.source}</td><td>${one.why}</td></tr>
`,
)}</tbody></table></div>`;
}
