/** Network attachments that are made once for all VMs. */
import type { Report } from '../../model/report.ts';
import { renderYaml } from '../yaml.ts';
import { type Html, html } from './markup.ts';

export function sharedNetworks({ networks = [] }: Report): Html | undefined {
  if (networks.length === 0) return undefined;
  return html`<h3>Network attachments that are made</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Network attachments that are made"><table><thead><tr><th scope="col">Attachment</th><th scope="col">Why it is as it is</th></tr></thead><tbody>
${networks.map(
  ({
    manifest,
    decisions,
  }) => html`<tr><th scope="row">${manifest.metadata.name}</th><td><ul>${decisions.map(({ to, value, because }) => html`<li><code>${to}</code> ${value}: ${because}</li>`)}</ul><details><summary>Manifest</summary><pre tabindex="0">${renderYaml(manifest)}</pre></details></td></tr>
`,
)}</tbody></table></div>`;
}
