/**
 * What the page does by itself: sort and filter the table of VMs, and open every fold before printing.
 * Without scripts everything is there all the same, in the order of the report.
 */
export const SCRIPT = `
const table = document.querySelector('table.fleet');
const body = table?.tBodies[0];
const text = document.querySelector('#filter-text');
const gravity = document.querySelector('#filter-gravity');
const shown = document.querySelector('#filter-count');
function filter() {
  let count = 0;
  for (const row of body.rows) {
    const fits = row.textContent.toLowerCase().includes(text.value.trim().toLowerCase())
      && (gravity.value === '' || row.dataset.gravity === gravity.value);
    row.hidden = !fits;
    if (fits) count += 1;
  }
  shown.textContent = count + ' of ' + body.rows.length + ' shown';
}
function sortBy(head) {
  const column = head.cellIndex;
  const down = head.getAttribute('aria-sort') === 'ascending';
  for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
  const rows = [...body.rows].sort((a, b) => key(a).localeCompare(key(b), 'en', { numeric: true }) * (down ? -1 : 1));
  body.append(...rows);
}
if (body && text && gravity) {
  document.querySelector('.filter').hidden = false;
  text.addEventListener('input', filter);
  gravity.addEventListener('input', filter);
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    button.addEventListener('click', () => sortBy(head));
    head.append(button);
  }
  filter();
}
addEventListener('beforeprint', () => { for (const fold of document.querySelectorAll('details')) fold.open = true; });
function openTarget() {
  const fold = document.querySelector(location.hash || 'nothing')?.querySelector('details');
  if (fold) fold.open = true;
}
addEventListener('hashchange', openTarget);
openTarget();
`;
