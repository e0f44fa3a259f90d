import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { renderReport } from '../../../src/report/index.ts';
import { BOOTED, guestReport } from '../guest/sample.ts';
import { sampleReport } from '../sample.ts';
import { PageStage } from './browser.ts';
import { faintTexts } from './contrast.ts';

const HOSTILE = ['<script>document.title = "owned"</script>', '"><img src=x onerror=alert(1)>', '\u202egpj.exe', "' onclick='x"];

/** A PNG file of one pixel. */
const DOT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Enough VMs to sort and filter. */
const report = await sampleReport(40, (vm, number) => {
  const name = HOSTILE[number];
  return name === undefined ? vm : { ...vm, name, ref: { ...vm.ref, name }, notes: name, guest: { ...vm.guest, osName: name } };
});
const MARKUP = renderReport(report, 'html', 'concerns');
/** A few VMs with everything that is shown of one. */
const few = await sampleReport(8);
const FULL = renderReport({ ...few, vms: [...guestReport().vms, ...few.vms] }, 'html', 'full');

async function names(page: Page): Promise<readonly string[]> {
  return await page.locator('table.fleet tbody tr:visible th a').allTextContents();
}

async function column(page: Page, number: number): Promise<readonly number[]> {
  const cells = page.locator(`table.fleet tbody tr td:nth-child(${number})`);
  return await cells.evaluateAll((all) => all.map((cell) => Number(cell.getAttribute('data-sort') ?? cell.textContent)));
}

describe('the HTML report in a browser', () => {
  let stage: PageStage;

  before(async () => {
    stage = await PageStage.create();
  });

  after(async () => {
    await stage[Symbol.asyncDispose]();
  });

  it('loads nothing, complains about nothing and keeps hostile names as text', async () => {
    await using opened = await stage.open(MARKUP);
    const { page, requests, complaints } = opened;
    await unfold(page);
    assert.match(await page.title(), /^Migration report: vcenter/);
    assert.deepEqual([await page.locator('img').count(), await page.locator('[onclick]').count()], [0, 0]);
    assert.equal((await names(page))[0], HOSTILE[0]);
    // A mark that turns the writing direction is written out, so that a name cannot pretend to be another.
    assert.equal((await names(page))[2], '\\x202egpj.exe');
    assert.deepEqual([requests, complaints], [[], []]);
  });

  for (const screenshot of ['web/boot-proof.png', `data:image/png;base64,${DOT.toString('base64')}`]) {
    it(`shows the screen of a booted guest: ${screenshot.slice(0, 14)}…`, async () => {
      await stage.lay('web/boot-proof.png', DOT);
      await using opened = await stage.open(renderReport(guestReport({ ...BOOTED, screenshot }), 'html', 'concerns'));
      const picture = opened.page.getByRole('img', { name: 'Screen of web at the end of its boot' });
      await picture.scrollIntoViewIfNeeded();
      assert.equal(await opened.page.evaluate('document.images[0].decode().then(() => document.images[0].naturalWidth)'), 1);
      assert.deepEqual(opened.complaints, []);
    });
  }

  it('blocks whatever would leave the page', async () => {
    await using opened = await stage.open(MARKUP.replace('</main>', '<img src="http://127.0.0.1:9/leak"></main>'));
    // The attempt is seen, and its end: refused by the page's own policy.
    assert.match(opened.complaints.join(), /violates the following Content Security Policy/);
  });

  it('sorts by a head, and the other way round at the second press', async () => {
    await using opened = await stage.open(MARKUP);
    const { page } = opened;
    const memory = page.getByRole('button', { name: 'Memory' });
    await memory.click();
    const up = await column(page, 4);
    assert.deepEqual(
      up,
      up.toSorted((a, b) => a - b),
    );
    await memory.click();
    assert.deepEqual(await column(page, 4), up.toReversed());
    assert.equal(await page.locator('th[aria-sort]').getAttribute('aria-sort'), 'descending');
    await page.getByRole('button', { name: 'Downtime' }).click();
    const downtime = await column(page, 9);
    assert.deepEqual(
      downtime,
      downtime.toSorted((a, b) => a - b),
    );
    assert.ok(new Set(downtime).size > 10);
  });

  it('filters by text and by gravity, and says how many are left', async () => {
    await using opened = await stage.open(MARKUP);
    const { page } = opened;
    await page.getByLabel('Search').fill('FRA-WEB');
    const found = await names(page);
    assert.ok(found.length > 0 && found.every((name) => name.startsWith('fra-web')));
    assert.equal(await page.locator('#filter-count').textContent(), `${found.length} of 40 shown`);
    await page.getByLabel('Search').fill('');
    await page.getByLabel('Gravest concern').selectOption('Critical');
    const critical = report.vms.filter(({ concerns }) => concerns.some(({ category }) => category === 'Critical'));
    assert.equal((await names(page)).length, critical.length);
    await page.getByLabel('Gravest concern').selectOption('none');
    assert.equal((await names(page)).length, report.vms.filter(({ concerns }) => concerns.length === 0).length);
  });

  it('can be used with the keyboard alone', async () => {
    await using opened = await stage.open(MARKUP);
    const { page } = opened;
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'Skip to the report' });
    assert.ok(await skip.evaluate((link) => link.getBoundingClientRect().left >= 0 && link.matches(':focus')));
    await page.getByRole('button', { name: 'Readiness' }).focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('th[aria-sort]').getAttribute('aria-sort'), 'ascending');
    const first = page.locator('table.fleet tbody a').first();
    const target = (await first.getAttribute('href')) ?? '';
    await first.focus();
    await page.keyboard.press('Enter');
    const fold = page.locator(target);
    await fold.evaluate((one) => one.hasAttribute('open'));
    assert.equal(await fold.getAttribute('open'), '');
    assert.ok(
      await fold
        .locator('summary')
        .first()
        .evaluate((one) => one.matches(':focus')),
    );
    await page.keyboard.press('Space');
    assert.equal(await fold.getAttribute('open'), null);
  });

  it('opens the VM that its address names, and no other', async () => {
    const id = `vm-${report.vms[9]?.plan.mapping.targetName}`;
    await using opened = await stage.open(MARKUP, { hash: `#${id}` });
    const open = opened.page.locator('details.vm[open]');
    assert.deepEqual(await open.evaluateAll((all) => all.map((one) => one.id)), [id]);
    assert.ok(await open.evaluate((one) => one.getBoundingClientRect().top < 200));
  });

  for (const look of ['light', 'dark'] as const) {
    it(`can be read in ${look} mode: every text stands out by 4.5 or more`, async () => {
      await using opened = await stage.open(FULL, { colorScheme: look });
      const { page } = opened;
      await unfold(page);
      const { faint, seen } = await faintTexts(page, 4.5);
      assert.deepEqual(faint, []);
      assert.ok(seen > 1000);
    });
  }

  it('is printed on white with every VM unfolded, even in dark mode', async () => {
    await using opened = await stage.open(MARKUP, { colorScheme: 'dark' });
    const { page } = opened;
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    assert.equal(await page.locator('details.vm:not([open])').count(), 0);
    assert.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)');
    assert.deepEqual((await faintTexts(page, 4.5)).faint, []);
    assert.equal(await page.locator('nav').isVisible(), false);
    // Paper is as narrow as a tablet: the table stays a table there.
    await page.setViewportSize({ width: 680, height: 900 });
    assert.equal(await page.evaluate('getComputedStyle(document.querySelector("table.fleet tbody tr")).display'), 'table-row');
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 680);
    await page.evaluate('dispatchEvent(new Event("afterprint"))');
    assert.equal(await page.locator('details.vm[open]').count(), 0);
  });

  it('fits a phone: nothing is wider than 360 pixels, and each value says what it is', async () => {
    await using opened = await stage.open(FULL, { viewport: { width: 360, height: 740 } });
    const { page } = opened;
    await unfold(page);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
    const words = await page.evaluate(
      'Array.from(document.querySelector("table.fleet tbody tr").cells, (cell) => getComputedStyle(cell, "::before").content)',
    );
    assert.deepEqual(words, [
      'none',
      '"Guest"',
      '"vCPU"',
      '"Memory"',
      '"Disks"',
      '"Concerns"',
      '"Readiness"',
      '"Copy"',
      '"Downtime"',
      '"Wave"',
      '"State"',
    ]);
  });

  it('has nothing that axe finds fault with', async () => {
    await using opened = await stage.open(FULL);
    const { page } = opened;
    await page.evaluate(
      'for (const fold of document.querySelectorAll("details.vm:first-of-type, details.vm:first-of-type details")) fold.open = true',
    );
    await page.evaluate(axe.source);
    const faults = await page.evaluate(
      'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ html }) => html).join(" ")))',
    );
    assert.deepEqual(faults, []);
  });

  it('shows the waves as a drawing and the same as a table', async () => {
    await using opened = await stage.open(MARKUP);
    const { page } = opened;
    const waves = report.waves?.waves ?? [];
    assert.ok(waves.length > 1);
    assert.equal(await page.locator('svg.timeline g').count(), waves.length);
    assert.equal(await page.locator('table.waves tbody tr').count(), waves.length);
  });
});

async function unfold(page: Page): Promise<void> {
  await page.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
}
