/**
 * The report as one HTML file that needs no network: readable on a phone, printable, usable by keyboard and screen reader.
 * Everything is there without scripts; the script only sorts, filters and folds.
 */
import type { Report } from '../../model/report.ts';
import type { ReportDepth } from '../depth.ts';
import { count } from '../describe.ts';
import { fleet } from './fleet.ts';
import { glossary } from './glossary.ts';
import { Html, html } from './markup.ts';
import { pictures } from './picture.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { vmSection } from './vm-section.ts';

/** A page with the details of more VMs than this would be slow to open; the table and the other renderings hold them all. */
const DETAILED_VMS = 300;

export function renderHtml(report: Report, depth: ReportDepth): string {
  const detailed = report.vms.slice(0, DETAILED_VMS);
  const left = report.vms.length - detailed.length;
  return `${html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>Migration report: ${report.source}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<a class="skip" href="#fleet">Skip to the virtual machines</a>
<header><h1>Migration report: ${report.source}</h1><p class="lead">Made <time datetime="${report.createdAt}">${report.createdAt}</time>.</p></header>
<main>
${tiles(report)}
${report.concerns.map(({ category, label, assessment }) => html`<div class="concern ${category}"><span class="mark">${category}: ${label}</span><p>${assessment}</p></div>`)}
${fleet(report)}
${pictures(report)}
${detailed.map((entry) => vmSection(entry, depth))}
${left === 0 ? undefined : html`<p>${count(left, 'further VM')} without details on this page: see report.json, or the report of each VM.</p>`}
${glossary()}
</main>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`}`;
}

function tiles({ vms }: Report): Html {
  const numbers: readonly (readonly [number, string])[] = [
    [vms.length, 'virtual machines'],
    [withCategory('Critical'), 'with Critical concerns'],
    [withCategory('Warning'), 'with Warnings'],
    [vms.filter(({ concerns }) => concerns.length === 0).length, 'without concerns'],
    [vms.filter(({ progress }) => progress?.phase === 'Completed').length, 'migrated'],
  ];
  function withCategory(category: string): number {
    return vms.filter(({ concerns }) => concerns.some((concern) => concern.category === category)).length;
  }
  return html`<ul class="tiles">${numbers.map(([number, label]) => html`<li><b>${number}</b> ${label}</li>`)}</ul>`;
}
