/** test-cutover: a VM as it would be now, without anybody to talk to, while its source runs on. */
import type { Command } from 'commander';
import { MigrationError } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { endInFolder, testInFolder } from '../folder/test-cutover.ts';

interface TestFlags {
  readonly end?: true;
  readonly wait?: true;
}

export function testCutoverCommand(program: Command, context: CommandContext): void {
  program
    .command('test-cutover <plan> [vms...]')
    .description(
      'make a VM from what is copied until now, apart from all networks, while its source runs on; of a folder that `migrate --to` works in',
    )
    .option('--end', 'remove the test; the migration goes on')
    .option('--wait', 'wait for the end of what is copied at the moment')
    .action(async (plan: string, words: string[], { end, wait }: TestFlags) => {
      const migration = await context.services.openMigration(plan);
      if (migration === undefined) throw new MigrationError('usage', `${plan} is no folder that a migration works in.`);
      await (end ? endInFolder : testInFolder)({ migration, words, wait: wait === true }, context);
    });
}
