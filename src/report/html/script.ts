/**
 * What the page does by itself: sort and filter the table of VMs, open the fold that a link leads to, and unfold the VMs for print.
 * Without scripts everything is there all the same, in the order of the report.
 */
export const SCRIPT = `
const table = document.querySelector('table.fleet');
const body = table?.tBodies[0];
const text = document.querySelector('#filter-text');
const gravity = document.querySelector('#filter-gravity');
const shown = document.querySelector('#filter-count');
function filter(words) {
  const wanted = text.value.trim().toLowerCase();
  let count = 0;
  for (const row of body.rows) {
    const fits = words.get(row).includes(wanted) && (gravity.value === '' || row.dataset.gravity === gravity.value);
    row.hidden = !fits;
    if (fits) count += 1;
  }
  shown.textContent = count + ' of ' + body.rows.length + ' shown';
}
const collator = new Intl.Collator('en', { numeric: true });
function sortBy(head) {
  const column = head.cellIndex;
  const down = head.getAttribute('aria-sort') === 'ascending';
  for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const keys = new Map(Array.from(body.rows, (row) => [row, row.cells[column].dataset.sort ?? row.cells[column].textContent]));
  body.append(...[...keys.keys()].sort((a, b) => collator.compare(keys.get(a), keys.get(b)) * (down ? -1 : 1)));
}
if (body && text && gravity) {
  const words = new Map(Array.from(body.rows, (row) => [row, row.textContent.toLowerCase()]));
  const form = document.querySelector('.filter');
  form.hidden = false;
  form.addEventListener('submit', (event) => event.preventDefault());
  text.addEventListener('input', () => filter(words));
  gravity.addEventListener('input', () => filter(words));
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    button.addEventListener('click', () => sortBy(head));
    head.append(button);
  }
  filter(words);
}
let folded = [];
addEventListener('beforeprint', () => {
  folded = [...document.querySelectorAll('details.vm:not([open])')];
  for (const fold of folded) fold.open = true;
});
addEventListener('afterprint', () => { for (const fold of folded) fold.open = false; });
function openTarget() {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  if (target?.localName !== 'details') return;
  target.open = true;
  target.scrollIntoView();
  target.querySelector('summary').focus({ preventScroll: true });
}
addEventListener('hashchange', openTarget);
openTarget();
`;
