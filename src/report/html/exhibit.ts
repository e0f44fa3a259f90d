import { type Exhibit, type Picture, pictureLink } from '../exhibit.ts';
import { type Html, html } from './markup.ts';

interface ExhibitPlace {
  /** Of the heading: 3 for the run, 4 for a VM. */
  readonly level: 3 | 4;
  /** From the page to the report's folder. */
  readonly up: '' | '../';
}

export function exhibit({ title, lines, head, rows, picture, quote }: Exhibit, { level, up }: ExhibitPlace): Html {
  return html`${level === 3 ? html`<h3>${title}</h3>` : html`<h4>${title}</h4>`}
${lines.map((line) => html`<p>${line}</p>`)}
${
  rows.length === 0
    ? undefined
    : html`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table><thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead><tbody>
${rows.map(([name = '', ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}
</tbody></table></div>`
}
${picture && shown(picture, up)}
${quote && html`<details><summary>${quote.title}</summary><pre tabindex="0">${quote.lines.join('\n')}</pre></details>`}`;
}

function shown(picture: Picture, up: ExhibitPlace['up']): Html {
  const link = pictureLink(picture, up);
  if (link === undefined) return html`<p>${picture.about}: <code>${picture.source}</code></p>`;
  return html`<figure><img src="${link}" alt="${picture.about}" loading="lazy"><figcaption>${picture.about}</figcaption></figure>`;
}
