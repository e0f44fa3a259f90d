/** `plan -o ndjson`: each VM is written as soon as it is planned, and forgotten. */
import { MigrationError } from '../model/errors.ts';
import { prepareEach } from '../prepare.ts';
import { renderJsonLine } from '../report/index.ts';
import type { CommandContext } from './context.ts';
import { type FailOn, failsOn, type MapOptions, readRequest } from './request.ts';
import { withSource } from './source-options.ts';

interface StreamOptions extends MapOptions {
  readonly failOn: FailOn;
  readonly out?: string;
}

export async function streamVms(
  source: string,
  vms: readonly string[],
  options: StreamOptions,
  context: CommandContext,
): Promise<void> {
  if (options.out !== undefined) {
    throw new MigrationError('config-invalid', '--out and -o ndjson exclude each other.', {
      hint: 'A folder is written from the whole plan, and ndjson never holds it: run plan twice.',
    });
  }
  const request = await readRequest(vms, options, context);
  await withSource(source, options, context, async (connection) => {
    let failed = false;
    for await (const entry of prepareEach(connection, request, context)) {
      failed ||= failsOn(entry.concerns, options.failOn);
      context.terminal.out(renderJsonLine(entry, 'full'));
      await context.terminal.drained?.();
    }
    context.exit(failed ? 1 : 0);
  });
}
