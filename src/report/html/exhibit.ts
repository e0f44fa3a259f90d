import type { Exhibit } from '../exhibit.ts';
import { type Html, html } from './markup.ts';

/** @param level of the heading: 3 for the run, 4 for a VM */
export function exhibit({ title, lines, head, rows }: Exhibit, level: 3 | 4): Html {
  return html`${level === 3 ? html`<h3>${title}</h3>` : html`<h4>${title}</h4>`}
${lines.map((line) => html`<p>${line}</p>`)}
${
  rows.length === 0
    ? undefined
    : html`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table><thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead><tbody>
${rows.map(([name = '', ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}
</tbody></table></div>`
}`;
}
