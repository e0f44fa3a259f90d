/** The few pages that the operator serves over HTTP: probes for the kubelet, figures for Prometheus. Read only, and nothing secret in them. */
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { MigrationError } from '../model/errors.ts';
import type { Health } from './health.ts';

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Path → page. */
export type Pages = Readonly<Record<string, () => Page | Promise<Page>>>;

export interface PageServer extends AsyncDisposable {
  /** `127.0.0.1:8080` */
  readonly address: string;
}

const TEXT = 'text/plain; charset=utf-8';
const OTHER_PORT =
  'Name another port by KUBEFERRY_METRICS_ADDRESS or KUBEFERRY_HEALTH_ADDRESS; where one is empty, those pages are not served.';
/** Milliseconds that a client may take to ask. */
const PATIENCE = 10_000;

/**
 * Serves until it is disposed of.
 * @param address `:8080` for all interfaces, `127.0.0.1:8080`, `[::1]:8080`; port 0 for any that is free
 * @throws MigrationError `config-invalid` for what is no address, or is taken
 */
export async function servePages(address: string, pages: Pages): Promise<PageServer> {
  const { host, port } = parseAddress(address);
  const server = createServer({ requestTimeout: PATIENCE, headersTimeout: PATIENCE }, (request, response) => {
    const path = request.url?.replace(/\?.*$/s, '') ?? '';
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page === undefined) return send(response, { status: 404, type: TEXT, body: 'There is no such page.\n' });
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, { status: 405, type: TEXT, body: 'This page can only be read.\n' });
    void answer(response, page);
  });
  const listening = Promise.withResolvers<void>();
  server.once('error', (cause) =>
    listening.reject(
      new MigrationError('config-invalid', `Nobody can listen at ${address}: ${cause.message}.`, { cause, hint: OTHER_PORT }),
    ),
  );
  server.listen({ port, ...(host !== '' && { host }) }, listening.resolve);
  await listening.promise;
  const bound = server.address() as AddressInfo;
  return {
    address: `${isIPv6(bound.address) ? `[${bound.address}]` : bound.address}:${bound.port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** `/healthz` for the liveness probe, `/readyz` for the readiness probe. */
export function healthPages(health: Pick<Health, 'ailments' | 'obstacles'>): Pages {
  return { '/healthz': () => verdict(health.ailments()), '/readyz': () => verdict(health.obstacles()) };
}

function verdict(troubles: readonly string[]): Page {
  if (troubles.length === 0) return { status: 200, type: TEXT, body: 'ok\n' };
  return { status: 503, type: TEXT, body: troubles.map((trouble) => `${trouble}\n`).join('') };
}

/** Figures are made when they are asked for. */
export function metricsPages(metrics: { readonly contentType: string; render(): Promise<string> }): Pages {
  return { '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.render() }) };
}

async function answer(response: ServerResponse, page: Pages[string]): Promise<void> {
  try {
    send(response, await page());
  } catch (error) {
    send(response, { status: 500, type: TEXT, body: `${String(error)}\n` });
  }
}

function send(response: ServerResponse, { status, type, body }: Page): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

function parseAddress(address: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain = '', digits = ''] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(address) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535)
    throw new MigrationError('config-invalid', `${address} is no address to listen at, such as :8080 or 127.0.0.1:8080.`);
  return { host: bracketed ?? plain, port };
}
