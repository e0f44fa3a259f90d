/** test-cutover: a VM as it would be now, without anybody to talk to, while its source runs on. */
import type { Command } from 'commander';
import { MigrationError } from '../../model/errors.ts';
import { addPlanAccess, type PlanAccess } from '../cluster/plan-access.ts';
import { testInCluster } from '../cluster/test-cutover.ts';
import type { CommandContext } from '../context.ts';
import { endInFolder, testInFolder } from '../folder/test-cutover.ts';

interface TestFlags extends PlanAccess {
  readonly end?: true;
  readonly prove?: true;
  readonly wait?: true;
}

export function testCutoverCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('test-cutover <plan> [vms...]')
    .description(
      'make a VM from what is copied until now, its guest converted as at the cutover, apart from all networks, while its source runs on; also of a folder that `migrate --to` works in',
    )
    .option('--end', 'remove the test; the migration goes on')
    .option('--prove', 'in a cluster: wait until the guest of the test is seen to boot, or not, and say what was seen')
    .option('--wait', 'wait for the end of what is copied to a folder at the moment; the operator always does');
  addPlanAccess(command).action(async (plan: string, words: string[], options: TestFlags) => {
    const end = options.end === true;
    const migration = await context.services.openMigration(plan);
    const prove = options.prove === true;
    if (prove && end) throw new MigrationError('usage', '--prove does not go with --end.');
    if (migration === undefined) return await testInCluster({ ...options, plan, words, end, prove }, context);
    if (prove)
      throw new MigrationError('usage', '--prove goes with plans in a cluster: the test of a folder is started by hand.');
    await (end ? endInFolder : testInFolder)({ migration, words, wait: options.wait === true }, context);
  });
}
