/** Debian's Prometheus on loopback, which scrapes and evaluates as the one of a cluster does, and its promtool, which checks what is written for it. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';

export interface PrometheusOptions {
  /** `127.0.0.1:8080`, scraped at `/metrics` once a second. */
  readonly target: string;
  /** Labels that the target gets where its own samples have none of that name, as Prometheus' operator gives them. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since the epoch, value as text. */
  readonly values: readonly (readonly [at: number, value: string])[];
}

export interface Prometheus extends AsyncDisposable {
  /** All values that an expression had in the last minutes, each second. @throws Error with what Prometheus said */
  range(expr: string, minutes: number): Promise<readonly Series[]>;
  /** What Prometheus thinks of its target: `up`, or why not. */
  health(): Promise<string>;
}

const MISSING = 'does not run: install the package prometheus';
const READY_MS = 20_000;

/** @throws Error with what it said when it does not start */
export async function startPrometheus({ target, labels }: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-prometheus-'));
  const [port = 0] = await freePorts(1);
  const scrape = { job_name: 'kubeferry', honor_labels: true, static_configs: [{ targets: [target], labels }] };
  const config = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: [scrape] };
  // JSON is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const args = [
    ...['--config.file', join(folder, 'prometheus.yml'), '--storage.tsdb.path', join(folder, 'data')],
    ...['--web.listen-address', `127.0.0.1:${port}`, '--log.level', 'warn'],
  ];
  // The kernel ends it when this process is killed.
  const server = spawn('setpriv', ['--pdeathsig', 'KILL', 'prometheus', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise<Error>((resolve) => {
    server.on('error', (cause) => resolve(new Error(`prometheus ${MISSING}`, { cause })));
    server.on('close', (code) =>
      resolve(new Error(code === 127 ? `prometheus ${MISSING}` : `prometheus has ended (${code}): ${said}`)),
    );
  });
  const stop = async (): Promise<void> => {
    server.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    const body = (await answer.json()) as { readonly data?: unknown; readonly error?: string };
    if (!answer.ok) throw new Error(`Prometheus: ${body.error}`);
    return body.data;
  };
  try {
    await Promise.race([ready(port), ended.then((error) => Promise.reject(error))]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    range: async (expr, minutes) => {
      const end = Date.now() / 1000;
      const query = new URLSearchParams({ query: expr, start: String(end - minutes * 60), end: String(end), step: '1' });
      return ((await ask(`/api/v1/query_range?${query}`)) as { readonly result: readonly Series[] }).result;
    },
    health: async () => {
      const { activeTargets } = (await ask('/api/v1/targets')) as {
        readonly activeTargets: readonly { readonly health: string; readonly lastError: string }[];
      };
      const [found] = activeTargets;
      return found === undefined || found.health !== 'down' ? (found?.health ?? 'unknown') : found.lastError;
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function ready(port: number): Promise<void> {
  const end = Date.now() + READY_MS;
  while (
    !(await fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (Date.now() > end) throw new Error('prometheus does not become ready');
    await sleep(100);
  }
}

/** Runs promtool. @returns its whole output @throws Error with it when promtool finds fault */
export async function promtool(args: readonly string[], input = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile('promtool', args, (error, stdout, stderr) => {
    if (error === null) return resolve(stdout + stderr);
    reject(new Error(error.code === 'ENOENT' ? `promtool ${MISSING}` : `promtool ${args.join(' ')}:\n${stdout}${stderr}`));
  });
  child.stdin?.end(input);
  return await promise;
}
