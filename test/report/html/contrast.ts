/** Contrast as WCAG 2.2 defines it (success criterion 1.4.3), of every text that a page shows. */
import type { Page } from 'playwright-core';

export interface Faint {
  readonly text: string;
  readonly contrast: number;
  readonly colors: string;
}

/** Texts whose contrast to what is behind them is below `least`, and how many texts were looked at. */
export async function faintTexts(
  page: Page,
  least: number,
): Promise<{ readonly faint: readonly Faint[]; readonly seen: number }> {
  return await page.evaluate(`(${IN_PAGE})(${least})`);
}

/** Runs inside of the page. Backgrounds are plain colours; a transparent one shows its parent's. */
const IN_PAGE = `(least) => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const parts = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color) => {
    const [r, g, b] = parts(color).slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (parts(color)[3] === 255) return color;
    }
    return 'white';
  };
  const contrasts = new Map();
  const faint = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (text === '' || !element.checkVisibility() || element.closest('script, style, title')) continue;
    seen += 1;
    const style = getComputedStyle(element);
    const colors = (element.closest('svg') ? style.fill : style.color) + ' on ' + behind(element);
    if (!contrasts.has(colors)) {
      const [a, b] = colors.split(' on ').map(luminance);
      contrasts.set(colors, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
    }
    if (contrasts.get(colors) < least) faint.push({ text, contrast: contrasts.get(colors), colors });
  }
  return { faint, seen };
}`;
