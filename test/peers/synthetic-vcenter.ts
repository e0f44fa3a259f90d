/**
 * A server of property-collector XML for any number of VMs, at next to no cost for itself, so that a benchmark measures the client. Runs as a
 * process of its own over TLS. Answers RetrieveServiceContent, Login, ContainerView, RetrievePropertiesEx and its continuation, CreateFilter and
 * WaitForUpdatesEx (everything first, then one changed VM a call). It proves speed and size, and nothing about correctness.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { selfSigned } from './certificate.ts';
import type { ServerAddress } from './vcsim.ts';

/** What the process is told. */
export interface ServeOptions {
  readonly vms: number;
  readonly certificate: string;
  readonly key: string;
}

export interface SyntheticVcenter extends ServerAddress, AsyncDisposable {}

/** @param vms how many VMs it has; ids are `vm-00000000` and up, names `server-00000000` and up */
export async function startSyntheticVcenter(vms: number): Promise<SyntheticVcenter> {
  const { certificate, key, thumbprint } = selfSigned();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'synthetic/serve.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const options: ServeOptions = { vms, certificate, key };
  child.stdin.write(`${JSON.stringify(options)}\n`);
  const started = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const [line] = await Promise.race([
    started,
    exited.then(() => {
      throw new Error('the synthetic vCenter did not start');
    }),
  ]);
  const port = Number(line);
  return {
    url: `https://127.0.0.1:${port}/sdk`,
    host: '127.0.0.1',
    port,
    username: 'bench@vsphere.local',
    password: 'bench',
    certificate,
    thumbprint,
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
