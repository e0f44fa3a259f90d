/**
 * Debian's nginx on loopback as a foreign file server: TLS and ranges from an implementation that knows nothing of us. It runs as the
 * user of the tests with a folder of its own, and is stopped by its process id.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PeerCertificate, selfSigned } from './certificate.ts';
import { freePorts } from './free-ports.ts';
import { listening } from './listening.ts';

export interface NginxOptions {
  /** Folder whose files it serves. */
  readonly root: string;
  /** `Cookie` header without which it answers 401; none when absent. */
  readonly cookie?: string;
  /** Further directives of its server block, each ended by a semicolon. */
  readonly directives?: string;
}

export interface Nginx extends AsyncDisposable {
  /** `https://127.0.0.1:port`, without a slash at the end. */
  readonly origin: string;
  readonly port: number;
  readonly certificate: PeerCertificate;
  /** Path of the certificate as a PEM file, for programs. */
  readonly certificateFile: string;
}

/** @throws Error with what nginx said when it does not start */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-nginx-'));
  const certificate = selfSigned();
  const certificateFile = join(folder, 'certificate.pem');
  await writeFile(certificateFile, certificate.certificate);
  await writeFile(join(folder, 'key.pem'), certificate.key, { mode: 0o600 });
  await mkdir(join(folder, 'temporary'));
  const [port = 0] = await freePorts(1);
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, port, options));

  // The kernel ends it when this process is killed.
  const args = ['--pdeathsig', 'TERM', 'nginx', '-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
  const nginx = spawn('setpriv', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  nginx.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const ended = new Promise<Error>((resolve) => {
    nginx.on('error', (cause) => resolve(new Error('nginx does not run: install the package nginx-light', { cause })));
    nginx.on('close', (code) => resolve(new Error(`nginx has ended (${code}): ${said}`)));
  });
  const stop = async (): Promise<void> => {
    nginx.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([listening(port, 'nginx'), ended.then((error) => Promise.reject(error))]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin: `https://127.0.0.1:${port}`, port, certificate, certificateFile, [Symbol.asyncDispose]: stop };
}

function configuration(folder: string, port: number, { root, cookie, directives = '' }: NginxOptions): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/temporary/${kind};`)
    .join('\n  ');
  const login = cookie === undefined ? '' : `if ($http_cookie != "${cookie}") { return 401; }`;
  return `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 2;
pid ${folder}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  ${temporary}
  keepalive_requests 1000000;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder}/certificate.pem;
    ssl_certificate_key ${folder}/key.pem;
    root ${root};
    default_type application/octet-stream;
    ${login}
    ${directives}
  }
}
`;
}
