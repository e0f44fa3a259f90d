/** nbdkit with its vddk plugin, for one disk, on a unix socket in a workspace. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Credentials } from '../../../contracts/credentials.ts';
import { MigrationError } from '../../../model/errors.ts';
import type { VddkSource } from '../../../model/transfer.ts';
import { canceled } from '../../cancellation.ts';
import { connectNbd, type NbdConnection } from '../../nbd/connection.ts';
import { connectWhenReady, socketIn } from '../../nbd/program-server.ts';
import { type RunningProgram, startWithSecret } from '../../program.ts';
import type { Workspace } from '../../workspace.ts';
import { diagnoseVddk } from './diagnose.ts';
import { findLibrary, type VddkSetup } from './library.ts';

/**
 * Four buffers of 1 MiB for each disk: measured by others to give 1.45 times the throughput of ten VMs on one host, and nothing less for
 * one VM. A vCenter refuses buffers of more than 2 MiB.
 */
const CONFIG = ['vixDiskLib.nfcAio.Session.BufSizeIn64KB=16', 'vixDiskLib.nfcAio.Session.BufCount=4', ''].join('\n');

export interface NbdkitOptions extends VddkSetup {
  readonly credentials: Credentials;
  readonly workspace: Workspace;
  /** Unique in the workspace. */
  readonly name: string;
  /** Ends it at any time. */
  readonly signal: AbortSignal;
}

/** A server of one disk. Each connection to it is a login of its own on the source. */
export interface VddkServer extends AsyncDisposable {
  /** @throws MigrationError as `startVddk` */
  connect(): Promise<NbdConnection>;
}

/**
 * Starts the server; the library does not log in before the first connection.
 * @throws MigrationError `tool-missing`, `config-invalid`, `canceled`
 */
export async function startVddk(source: VddkSource, options: NbdkitOptions): Promise<VddkServer> {
  const { workspace, name, signal, credentials } = options;
  const library = await findLibrary(options.libraryFolder);
  const socketPath = socketIn(workspace, name);
  const config = path.join(workspace.folder, `${name}.vddk`);
  await writeFile(config, CONFIG, { mode: 0o600 });
  if (/[\r\n]/.test(credentials.password))
    throw new MigrationError('config-invalid', 'A password with a line break cannot be given to VDDK.');
  const argv = [...NBDKIT, '--unix', socketPath, 'vddk', ...parameters(source, { ...options, folder: library.folder, config })];
  const server = await startWithSecret('nbdkit', argv, { secret: credentials.password, signal });
  server.stdout.resume();
  return new Server(server, socketPath, { source, options, folder: library.folder });
}

/** Everything is told, because the library gives its reasons as remarks only, except for each single read. */
const NBDKIT = ['--foreground', '--readonly', '--verbose', '-D', 'nbdkit.backend.datapath=0', '-D', 'vddk.datapath=0'];

interface Given extends NbdkitOptions {
  readonly folder: string;
  readonly config: string;
}

/** The password comes by descriptor 3; the plugin keeps it in memory when it starts itself again. */
function parameters(source: VddkSource, { credentials, folder, config, transports }: Given): readonly string[] {
  return [
    `libdir=${folder}`,
    `config=${config}`,
    `server=${source.server}`,
    `port=${source.port}`,
    `thumbprint=${source.thumbprint}`,
    `user=${credentials.user}`,
    'password=-3',
    `vm=moref=${source.vm}`,
    ...(source.snapshot === undefined ? [] : [`snapshot=${source.snapshot}`]),
    ...(transports === undefined ? [] : [`transports=${transports}`]),
    `file=${source.file}`,
  ];
}

/** The library took its process with it, which another try may be spared. */
function ended(reason: MigrationError): MigrationError {
  return new MigrationError('source-read-failed', `nbdkit ended while the disk was read. ${reason.message}`, { cause: reason });
}

interface Context {
  readonly source: VddkSource;
  readonly options: NbdkitOptions;
  /** Of the library. */
  readonly folder: string;
}

class Server implements VddkServer {
  readonly #server: RunningProgram;
  readonly #socketPath: string;
  readonly #context: Context;
  #connected = false;

  constructor(server: RunningProgram, socketPath: string, context: Context) {
    this.#server = server;
    this.#socketPath = socketPath;
    this.#context = context;
  }

  async connect(): Promise<NbdConnection> {
    const { signal } = this.#context.options;
    const [socketPath, server] = [this.#socketPath, this.#server];
    try {
      if (this.#connected) return await connectNbd({ socketPath, exportName: '', signal });
      const explain = ({ stderr }: { readonly stderr: string }): MigrationError => this.#diagnose(stderr);
      const connection = await connectWhenReady(server, { name: 'nbdkit', socketPath, explain, signal });
      this.#connected = true;
      return connection;
    } catch (error) {
      if (signal.aborted) throw canceled(signal);
      if (this.#connected && error instanceof MigrationError) throw error;
      // It goes on after it could not open the disk, and what it said is complete only when it has ended.
      server.kill();
      const reason = this.#diagnose((await server.ended).stderr);
      throw this.#connected ? ended(reason) : reason;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.kill();
    await this.#server.ended;
  }

  #diagnose(said: string): MigrationError {
    const { source, options, folder } = this.#context;
    return diagnoseVddk(said, { server: source.server, libraryFolder: folder }, options.credentials.password);
  }
}
