/** The options about a source: what to open, whom to trust, which VMs are meant. */
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { Trust } from '../contracts/credentials.ts';
import type { Connection, ConnectOptions } from '../contracts/provider.ts';
import { MigrationError } from '../model/errors.ts';
import type { CommandContext } from './context.ts';
import { readCredentials } from './credentials.ts';
import { addHypervOptions, type HypervFlags, hypervOptions, type ServerFlags } from './hyperv-options.ts';

export interface SourceOptions extends HypervFlags, ServerFlags {
  readonly thumbprint?: string;
  readonly insecure?: boolean;
}

export function addSourceOptions(command: Command): Command {
  return addHypervOptions(command)
    .option('--config <id>', 'OVF deployment configuration instead of the default one')
    .option('--ca-file <file>', 'certificate authority of the server (PEM), beside those of the system')
    .option(
      '--thumbprint <hex>',
      'SHA-256 or SHA-1 of the certificate of the server, or SHA256:… of the key of an SSH host; nothing else is trusted then',
    )
    .option('--insecure', 'do not check whom the password is sent to')
    .addOption(
      new Option('--transport <way>', 'the only way to the disks of a server that is wanted').choices(['range', 'lease', 'vddk']),
    )
    .option(
      '--vddk-libdir <folder>',
      "where VMware's VDDK was unpacked: disks are read through it, unless --transport says otherwise",
    );
}

export function addSelectOption(command: Command): Command {
  return command.option(
    '--select <criterion>',
    'name=, folder=, tag=, cluster= or power= with patterns (web-*,db-?), or a pattern for names; repeatable, all must hold',
    (value: string, earlier: readonly string[] = []) => [...earlier, value],
  );
}

/** Opens the source, runs `work` with it and closes it in every outcome. */
export async function withSource<T>(
  source: string,
  options: SourceOptions,
  context: CommandContext,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  await using connection = await context.services.connect(source, await connectOptions(source, options, context));
  return await work(connection);
}

/** What a provider gets; says loudly when nobody is checked. */
export async function connectOptions(
  source: string,
  options: SourceOptions,
  { services, terminal, signal }: CommandContext,
): Promise<ConnectOptions> {
  const hyperv = await hypervOptions(source, options, { sources: services.credentials, signal });
  const trust = await readTrust(options);
  const transport = options.transport ?? (options.vddkLibdir === undefined ? undefined : 'vddk');
  if (transport === 'vddk' && options.vddkLibdir === undefined) {
    throw new MigrationError('usage', '--transport vddk needs --vddk-libdir: the folder that VDDK was unpacked to.');
  }
  if (trust.insecure) terminal.err('kubeferry: WARNING: --insecure: whoever answers for this server gets the password.\n');
  return {
    signal,
    trust,
    credentials: (server, user) => readCredentials(services.credentials, { source: server, user, signal }),
    ...(transport !== undefined && { transport }),
    ...(options.config !== undefined && { configuration: options.config }),
    ...hyperv,
  };
}

async function readTrust({ caFile, thumbprint, insecure }: SourceOptions): Promise<Trust> {
  return {
    ...(caFile !== undefined && { ca: await readAuthority(caFile) }),
    ...(thumbprint !== undefined && { thumbprint }),
    ...(insecure !== undefined && { insecure }),
  };
}

async function readAuthority(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  } catch (cause) {
    throw new MigrationError('config-invalid', '--ca-file cannot be read', { file, cause });
  }
  throw new MigrationError('config-invalid', '--ca-file holds no certificate in PEM form', { file });
}
