/** What the storage classes of a run can do for the VMs on them. */
import type { Report } from '../../model/report.ts';
import { STORAGE_CLASS_HEAD, storageClassReasons, storageClassRows } from '../storage-classes.ts';
import { type Html, html } from './markup.ts';

export function storageClasses(report: Report): Html | undefined {
  const rows = storageClassRows(report);
  if (rows.length === 0) return undefined;
  const reasons = storageClassReasons(report);
  return html`<h3>What the storage classes can do</h3>
<div class="scroll" tabindex="0" role="region" aria-label="What the storage classes can do"><table><thead><tr>${STORAGE_CLASS_HEAD.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>
${rows.map(([name = '', ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}
</tbody></table></div>
<details><summary>Why</summary>${reasons.map(({ name, reasons: list }) => html`<p>${name}</p><ul>${list.map((reason) => html`<li>${reason}</li>`)}</ul>`)}</details>`;
}
