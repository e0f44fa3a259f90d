/** The look of the HTML report. System fonts and colours with a contrast of at least 4.5 in light and dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#ffffff, #14171a);
  --raised: light-dark(#f4f6f8, #1e2327);
  --ink: light-dark(#1a2026, #e6eaee);
  --soft: light-dark(#55606b, #a3adb7);
  --line: light-dark(#d5dbe1, #38414a);
  --accent: light-dark(#0b5cad, #7ab8f5);
  --critical: light-dark(#b3151f, #ff8f8a);
  --warning: light-dark(#8a5300, #f3bd5d);
  --information: light-dark(#0b5cad, #7ab8f5);
  --good: light-dark(#1b6e36, #7bd197);
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem 1.25rem 4rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 1rem 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: .5rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
a { color: var(--accent); }
p { max-width: 65ch; }
.lead, .soft { color: var(--soft); }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem; z-index: 2; }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { flex: 1 1 8rem; background: var(--raised); border-radius: .5rem; padding: .6rem .9rem; }
.tiles b { display: block; font-size: 1.5rem; line-height: 1.2; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; color: var(--soft); padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { white-space: nowrap; overflow-wrap: normal; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
th button { all: unset; cursor: pointer; }
th button:focus-visible, a:focus-visible, input:focus-visible, select:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
th[aria-sort=ascending] button::after { content: " ▲"; }
th[aria-sort=descending] button::after { content: " ▼"; }
.filter { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: .75rem 0; }
.filter label { display: grid; gap: .15rem; font-size: .85rem; color: var(--soft); }
input, select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--soft); border-radius: .35rem; padding: .35rem .5rem; }
.Critical { color: var(--critical); } .Warning { color: var(--warning); } .Information { color: var(--information); }
.kept { color: var(--soft); } .changed { color: var(--warning); } .added { color: var(--information); } .dropped { color: var(--critical); } .good { color: var(--good); }
.mark { font-weight: 600; white-space: nowrap; }
.concern { border-left: .3rem solid; padding: .1rem 0 .1rem .8rem; margin: .75rem 0; }
.concern p { color: var(--ink); margin: .15rem 0; }
code, pre { font: .85rem/1.45 ui-monospace, monospace; }
pre { background: var(--raised); padding: .75rem; border-radius: .5rem; overflow-x: auto; }
summary { cursor: pointer; padding: .3rem 0; }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink); }
svg .soft { fill: var(--soft); }
svg .box { fill: var(--raised); stroke: var(--line); }
svg .link { fill: none; stroke: var(--accent); stroke-width: 1.5; }
svg .lost { stroke: var(--critical); stroke-dasharray: 4 3; }
svg .bar { fill: var(--accent); }
@media (max-width: 40rem) {
  .fleet thead { position: absolute; left: -99rem; }
  .fleet tr { display: block; border: 1px solid var(--line); border-radius: .5rem; margin: .6rem 0; padding: .3rem; }
  .fleet td { display: flex; justify-content: space-between; gap: 1rem; border: 0; text-align: right; padding: .2rem .5rem; }
  .fleet td::before { content: attr(data-label); color: var(--soft); text-align: left; white-space: nowrap; }
}
@media print {
  body { max-width: none; font-size: 10pt; padding: 0; }
  .filter, .skip, nav { display: none; }
  h2 { break-after: avoid; } .vm { break-before: page; } tr, .concern, figure { break-inside: avoid; }
  pre { white-space: pre-wrap; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;
