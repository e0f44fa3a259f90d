/** What to work on first: every kind of concern, with the number of VMs that have it. */
import type { Overview } from '../overview.ts';
import { type Html, html } from './markup.ts';

export function topics({ topics: list, vms }: Overview): Html {
  if (list.length === 0)
    return html`<h2 id="topics">Concerns</h2><p class="good">None. Nothing stands in the way as far as the facts tell.</p>`;
  return html`<h2 id="topics">Concerns</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Concerns"><table class="topics">
<caption>What to work on, gravest first. What each means for a VM is said there.</caption>
<thead><tr><th scope="col">Category</th><th scope="col">Concern</th><th scope="col" class="number">VMs</th><th scope="col" class="wide">Share of all VMs</th></tr></thead>
<tbody>
${list.map(
  ({
    id,
    category,
    label,
    vms: number,
  }) => html`<tr><td><span class="mark ${category}">${category}</span></td><th scope="row">${label} <code class="soft">${id}</code></th><td class="number">${number}</td><td class="wide"><span class="share ${category}" style="--share:${Math.round((number / vms) * 100)}%"></span><span class="soft">${Math.round((number / vms) * 100)} %</span></td></tr>
`,
)}</tbody></table></div>`;
}
