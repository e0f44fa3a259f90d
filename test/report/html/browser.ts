/** Pages in a real browser: Debian's Chromium, driven over its own protocol. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Everything that the page tried to fetch besides itself. */
  readonly requests: readonly string[];
  /** What the page complained about: blocked resources, exceptions. */
  readonly complaints: readonly string[];
}

export class PageStage implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #folder: string;
  #made = 0;

  private constructor(browser: Browser, folder: string) {
    this.#browser = browser;
    this.#folder = folder;
  }

  /** @throws Error that names the package when there is no Chromium */
  static async create(): Promise<PageStage> {
    const executablePath = process.env['KUBEFERRY_CHROMIUM'] ?? '/usr/bin/chromium';
    // Chromium's own sandbox needs user namespaces, which containers and root lack; the pages are our own.
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] }).catch((cause: unknown) => {
      throw new Error(`no browser at ${executablePath}: install Debian's package chromium`, { cause });
    });
    return new PageStage(browser, await mkdtemp(path.join(os.tmpdir(), 'kubeferry-html-')));
  }

  /** A file that pages find below their folder. */
  async lay(name: string, content: Buffer): Promise<void> {
    const file = path.join(this.#folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  async open(markup: string, options: BrowserContextOptions & { readonly hash?: string } = {}): Promise<OpenPage> {
    const { hash = '', ...context } = options;
    this.#made += 1;
    const file = path.join(this.#folder, `page-${this.#made}.html`);
    await writeFile(file, markup);
    const opened = await this.#browser.newContext({ reducedMotion: 'reduce', ...context });
    const page = await opened.newPage();
    const own = pathToFileURL(file).href;
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(own)) requests.push(request.url());
    });
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(own + hash);
    return { page, requests, complaints, [Symbol.asyncDispose]: () => opened.close() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
