/** The look of the HTML report. System fonts and colours with a contrast of at least 4.5 in light and dark. */
import { HEAD_WORDS } from './fleet.ts';

/** On a phone a row of the large table is a card: each value says what it is. */
const CARD_WORDS = HEAD_WORDS.map((word, index) => `  .fleet td:nth-child(${index + 1})::before { content: "${word}"; }`).join(
  '\n',
);

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#ffffff, #12161a);
  --raised: light-dark(#f3f6f9, #1c2228);
  --ink: light-dark(#17202a, #e8ecf0);
  --soft: light-dark(#515c68, #a9b3bd);
  --line: light-dark(#d3dae1, #37414b);
  --accent: light-dark(#0a58a6, #82bdf7);
  --critical: light-dark(#a8121c, #ff958f);
  --warning: light-dark(#7d4b00, #f3bd5d);
  --information: light-dark(#0a58a6, #82bdf7);
  --good: light-dark(#17633a, #7bd197);
  --critical-wash: light-dark(#fdecec, #341a1b);
  --warning-wash: light-dark(#fdf3e0, #30260f);
  --information-wash: light-dark(#e9f2fb, #14263a);
  --good-wash: light-dark(#e7f5ec, #12291c);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 3.5rem; }
body { margin: 0 auto; max-width: 78rem; padding: 0 1.25rem 3rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
header { padding: 2rem 0 .5rem; }
.kicker { margin: 0; color: var(--accent); font-weight: 600; font-size: .85rem; }
h1 { font-size: 1.9rem; line-height: 1.15; margin: .15rem 0 .35rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .5rem; overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin: 0; display: inline; overflow-wrap: anywhere; }
h4 { font-size: 1rem; margin: 1.25rem 0 .4rem; }
a { color: var(--accent); text-underline-offset: .15em; }
p { max-width: 70ch; margin: .5rem 0; overflow-wrap: anywhere; }
.lead, .soft { color: var(--soft); }
.lead { font-size: 1.02rem; margin-top: 0; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem .75rem; z-index: 3; }
nav { position: sticky; top: 0; z-index: 2; background: var(--paper); border-bottom: 1px solid var(--line); margin: 0 -1.25rem; padding: 0 1.25rem; overflow-x: auto; }
nav ul { display: flex; gap: 1.25rem; margin: 0; padding: 0; list-style: none; white-space: nowrap; font-size: .92rem; }
nav a { display: block; padding: .65rem 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--raised); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem 1rem; }
.tiles b { display: block; font-size: 1.75rem; line-height: 1.15; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--ink); }
.tiles .Critical { background: var(--critical-wash); } .tiles .Warning { background: var(--warning-wash); } .tiles .good { background: var(--good-wash); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; color: var(--soft); padding: .25rem 0 .4rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .65rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { white-space: nowrap; overflow-wrap: normal; border-bottom: 2px solid var(--line); }
tbody th { font-weight: 600; }
tbody tr:hover { background: var(--raised); }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.fleet { font-size: .88rem; } .fleet th, .fleet td { padding: .4rem .5rem; }
.fleet tbody th { min-width: 9rem; }
.fleet td:nth-child(2) { min-width: 11rem; }
.fleet td:nth-child(6), .fleet td:nth-child(11) { white-space: nowrap; }
td details { min-width: 9rem; }
th button { all: unset; cursor: pointer; }
th button::after { content: " ↕"; color: var(--soft); }
th[aria-sort=ascending] button::after { content: " ↑"; color: inherit; }
th[aria-sort=descending] button::after { content: " ↓"; color: inherit; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.filter { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: end; margin: .75rem 0; }
.filter[hidden] { display: none; }
.filter label { display: grid; gap: .2rem; font-size: .88rem; color: var(--soft); }
input, select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--soft); border-radius: .4rem; padding: .4rem .6rem; min-height: 2.4rem; }
input[type=search] { width: 17rem; max-width: 100%; }
::placeholder { color: var(--soft); opacity: 1; }
.Critical { color: var(--critical); } .Warning { color: var(--warning); } .Information { color: var(--information); }
.none { color: var(--soft); } .good { color: var(--good); }
.kept { color: var(--soft); } .changed { color: var(--warning); } .added { color: var(--information); } .dropped { color: var(--critical); }
.mark { font-weight: 600; }
span.mark { white-space: nowrap; }
span.mark.Critical, span.mark.Warning, span.mark.Information, span.mark.good { border-radius: 1rem; padding: .08rem .6rem; font-size: .86em; }
span.mark.Critical { background: var(--critical-wash); } span.mark.Warning { background: var(--warning-wash); }
span.mark.Information { background: var(--information-wash); } span.mark.good { background: var(--good-wash); }
.share { display: inline-block; vertical-align: middle; margin-right: .5rem; width: calc(var(--share) * .8); max-width: 80%; min-width: 3px; height: .6rem; border-radius: .3rem; background: currentColor; }
.topics .wide { width: 34%; }
.score { display: inline-block; min-width: 3.2rem; }
.score::after { content: ""; display: block; height: .28rem; border-radius: .2rem; background: linear-gradient(to right, var(--accent) var(--share), var(--line) 0); }
.concern { border-left: .3rem solid; border-radius: .2rem; padding: .25rem 0 .25rem .9rem; margin: .8rem 0; }
.concern p { color: var(--ink); margin: .15rem 0; }
.concern p.soft { color: var(--soft); }
.concern.Critical p.mark { color: var(--critical); } .concern.Warning p.mark { color: var(--warning); } .concern.Information p.mark { color: var(--information); }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: .75rem 0; }
.facts dt { color: var(--soft); font-size: .85rem; } .facts dd { margin: 0; font-weight: 600; }
code, pre { font: .85em/1.45 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--raised); padding: .9rem; border-radius: .5rem; overflow-x: auto; }
summary { cursor: pointer; padding: .35rem 0; }
details.vm { border: 1px solid var(--line); border-radius: .6rem; padding: .35rem 1rem; margin: .6rem 0; content-visibility: auto; contain-intrinsic-size: auto 3rem; }
details.vm > summary { padding: .45rem 0; }
details.vm[open] { padding-bottom: 1rem; }
.fields { min-width: 56rem; }
figure { margin: 1rem 0 1.5rem; } figcaption { color: var(--soft); margin-bottom: .5rem; }
figure img { display: block; max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: .3rem; margin-bottom: .4rem; }
svg { display: block; max-width: 100%; height: auto; min-width: 40rem; }
svg text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; fill: var(--ink); }
svg .soft { fill: var(--soft); }
svg .count { text-anchor: middle; font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
svg .box { fill: var(--raised); stroke: var(--line); }
svg .link { fill: none; stroke: var(--accent); stroke-opacity: .55; }
svg .lost { stroke: var(--critical); stroke-dasharray: 6 4; stroke-opacity: .9; }
svg .grid { stroke: var(--line); }
svg .window { fill: var(--raised); stroke: var(--line); }
svg .bar { fill: var(--accent); } svg .bar.pilot { fill: var(--good); } svg .bar.oversized { fill: var(--warning); } svg .bar.late { fill: var(--accent); fill-opacity: .35; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); }
@media screen and (max-width: 44rem) {
  body { padding: 0 .9rem 2rem; } nav { margin: 0 -.9rem; padding: 0 .9rem; }
  h1 { font-size: 1.5rem; }
  .tiles { grid-template-columns: 1fr 1fr; gap: .5rem; }
  .topics .wide { display: none; } .topics code { display: block; }
  .fleet, .fleet tbody { display: block; }
  .fleet thead { position: absolute; left: -99rem; }
  .fleet caption { display: block; }
  .fleet tr { display: block; border: 1px solid var(--line); border-radius: .6rem; margin: .6rem 0; padding: .5rem .4rem; }
  .fleet tr[hidden] { display: none; }
  .fleet tbody th { display: block; border: 0; padding: .1rem .5rem .3rem; font-size: 1.02rem; }
  .fleet td { display: flex; justify-content: space-between; gap: 1rem; border: 0; text-align: right; padding: .15rem .5rem; white-space: normal; }
  .fleet td::before { color: var(--soft); text-align: left; white-space: nowrap; }
${CARD_WORDS}
}
@media print {
  :root { color-scheme: light; }
  body { max-width: none; font-size: 9.5pt; padding: 0; }
  nav, .filter, .skip, th button::after { display: none; }
  .fleet { font-size: 7.5pt; } .fleet tbody th, .fleet th, .fleet td, .fleet td:nth-child(2) { padding: .2rem .3rem; min-width: 0; }
  .fleet tbody th { min-width: 9em; } .topics .wide { width: auto; } .fields td, .waves td { white-space: normal; }
  .scroll { overflow: visible; } svg { min-width: 0; } .fields { min-width: 0; }
  h2, summary { break-after: avoid; } tr, .concern, figure, .tiles { break-inside: avoid; }
  thead { display: table-header-group; }
  details.vm { content-visibility: visible; break-inside: auto; }
  pre { white-space: pre-wrap; }
  .share, .score::after { print-color-adjust: exact; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;
