/**
 * The report as one HTML file that needs no network, and nothing beside it but pictures of screens: readable on a phone, printable, usable by keyboard and screen reader.
 * Everything is there without scripts; the script only sorts, filters and folds.
 */
import type { Report, VmReport } from '../../model/report.ts';
import { formatBytes } from '../../model/units.ts';
import type { ReportDepth } from '../depth.ts';
import { count } from '../describe.ts';
import { type Overview, overview } from '../overview.ts';
import { scheduleExhibits } from '../schedule.ts';
import { assumptions } from './assumptions.ts';
import { exhibit } from './exhibit.ts';
import { fleet } from './fleet.ts';
import { glossary } from './glossary.ts';
import { Html, html } from './markup.ts';
import { pictures } from './picture.ts';
import { SCRIPT } from './script.ts';
import { sharedNetworks } from './shared-networks.ts';
import { storageClasses } from './storage-classes.ts';
import { STYLE } from './style.ts';
import { timeline } from './timeline.ts';
import { topics } from './topics.ts';
import { vmSection } from './vm-section.ts';

/** A page with a part for each of more VMs than this would be slow to open; the table holds them all, and each has a page of its own. */
const DETAILED_VMS = 1000;
/** In a fleet of more VMs than this their parts leave out fields and manifests, some 40 KB a VM: the page of each has them. */
const FULL_VMS = 100;

const PAGES_HINT = 'plan --out DIR writes a page for each, and ndjson has everything';

export interface HtmlOptions {
  /** Each VM has a page of its own at `<target name>/report.html`: what does not fit here is linked there. */
  readonly pages?: boolean;
}

export function renderHtml(report: Report, depth: ReportDepth, { pages = false }: HtmlOptions = {}): string {
  const summary = overview(report);
  const detailed = report.vms.slice(0, DETAILED_VMS);
  const left = report.vms.length - detailed.length;
  const body = html`<header>
<p class="kicker">Migration to Kubernetes with KubeVirt</p>
<h1>${report.source}</h1>
<p class="lead">${count(report.vms.length, 'virtual machine')}, ${formatBytes(summary.bytes)} to move. Made <time datetime="${report.createdAt}">${readableTime(report.createdAt)}</time>.</p>
</header>
${contents(report)}
<main id="top">
${tiles(summary)}
${report.concerns.map(({ category, label, assessment }) => html`<div class="concern ${category}"><p class="mark">${category}: ${label}</p><p>${assessment}</p></div>`)}
${topics(summary)}
${report.waves && timeline(report.waves)}
${scheduleExhibits(report).map((one) => exhibit(one, { level: 3, up: '' }))}
${fleet(report, { detailed: detailed.length, pages })}
${pictures(report)}
${sharedNetworks(report)}
${storageClasses(report)}
<h2 id="details">Each virtual machine</h2>
${detailed.map((entry) => vmSection(entry, report.vms.length > FULL_VMS ? 'concerns' : depth, { open: report.vms.length === 1, page: pages, up: '' }))}
${left === 0 ? undefined : html`<p>${count(left, 'further virtual machine')} without a part on this page: ${pages ? 'the table above links to the page of each' : PAGES_HINT}.</p>`}
${pages || depth === 'concerns' || report.vms.length <= FULL_VMS ? undefined : html`<p>Fields and manifests of so many VMs are not on this page: ${PAGES_HINT}.</p>`}
${assumptions(report)}
${glossary()}
</main>
<footer><p class="soft">Written by kubeferry. This file loads nothing but pictures that lie beside it, and sends nothing.</p></footer>`;
  return page(`Migration report: ${report.source}`, body);
}

/** The report of one VM by itself, for the folder of that VM. */
export function renderVmHtml(entry: VmReport, { source, createdAt }: Pick<Report, 'source' | 'createdAt'>): string {
  const body = html`<header>
<p class="kicker">Migration to Kubernetes with KubeVirt</p>
<h1>${entry.vm.name}</h1>
<p class="lead">From ${source}. Made <time datetime="${createdAt}">${readableTime(createdAt)}</time>. <a href="../report.html">All virtual machines</a></p>
</header>
<main id="top">
<h2>What becomes of it</h2>
${vmSection(entry, 'full', { open: true, page: false, up: '../' })}
</main>`;
  return page(`Migration report: ${entry.vm.name}`, body);
}

function page(title: string, body: Html): string {
  return `${html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: 'self' file:">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<a class="skip" href="#top">Skip to the report</a>
${body}
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`}`;
}

function contents({ waves, assumptions: figures }: Report): Html {
  const links: readonly (readonly [string, string] | undefined)[] = [
    ['topics', 'Concerns'],
    waves && ['waves', 'Waves'],
    ['fleet', 'Virtual machines'],
    ['mapping', 'Networks and storage'],
    ['details', 'Details'],
    figures && ['assumptions', 'Assumptions'],
    ['words', 'Where did it go?'],
  ];
  return html`<nav aria-label="Parts of this report"><ul>${links.map((link) => link && html`<li><a href="#${link[0]}">${link[1]}</a></li>`)}</ul></nav>`;
}

function tiles({ vms, withCategory, withoutConcerns, migrated }: Overview): Html {
  const numbers: readonly (readonly [number, string, string])[] = [
    [vms, 'virtual machines', ''],
    [withCategory.Critical, 'with Critical concerns', withCategory.Critical > 0 ? 'Critical' : ''],
    [withCategory.Warning, 'with Warnings', withCategory.Warning > 0 ? 'Warning' : ''],
    [withoutConcerns, 'without concerns', ''],
    ...(migrated > 0 ? [[migrated, 'migrated', 'good'] as const] : []),
  ];
  return html`<ul class="tiles">${numbers.map(([number, label, kind]) => html`<li class="${kind}"><b>${number}</b> <span>${label}</span></li>`)}</ul>`;
}

/** `2026-01-02 03:04 UTC` */
function readableTime(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z$/, '$1 $2 UTC');
}
