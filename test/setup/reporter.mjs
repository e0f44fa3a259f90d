/**
 * Node's own `spec` reporter with one change: what failed is told before the closing figures, not after them, so that a run
 * always ends with its summary. The test runner takes a reporter only as the default export.
 */
import { Readable } from 'node:stream';
import { spec as Spec } from 'node:test/reporters';

const FIGURE = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

/** @typedef {{ type: string, data: { nesting?: number, file?: string, message?: string } }} TestEvent */

/**
 * @param {AsyncIterable<TestEvent>} events
 * @returns {AsyncGenerator<string>}
 */
export default async function* summaryLast(events) {
  /** @type {string[]} */
  const summary = [];
  async function* others() {
    for await (const event of events) {
      const { nesting, message = '' } = event.data;
      if (event.type === 'test:diagnostic' && nesting === 0 && FIGURE.test(message)) summary.push(message);
      else yield event;
    }
  }
  yield* Readable.from(others()).compose(new Spec());
  yield `\n${summary.map((line) => `ℹ ${line}\n`).join('')}`;
}
