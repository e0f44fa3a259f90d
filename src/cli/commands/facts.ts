import { type Command, Option } from 'commander';
import { renderYaml } from '../../report/yaml.ts';
import { addClusterOptions, type ClusterOptions, namedCluster, readClusterFacts } from '../cluster-options.ts';
import type { CommandContext } from '../context.ts';
import { FACTS_VERSION } from '../facts-file.ts';

interface FactsOptions extends ClusterOptions {
  readonly output: 'yaml' | 'json';
}

/** `kubeferry facts`: what a cluster has, as a file for `plan --facts`. */
export function factsCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('facts')
    .description('write what the target cluster has, for a dry run without it (plan --facts)')
    .addOption(new Option('-o, --output <format>', 'format on stdout').choices(['yaml', 'json']).default('yaml'));
  addClusterOptions(command).action(async (options: FactsOptions) => {
    const facts = await readClusterFacts(namedCluster(options) ?? {}, context);
    const file = { apiVersion: FACTS_VERSION, kind: 'ClusterFacts', ...facts };
    context.terminal.out(options.output === 'json' ? `${JSON.stringify(file, null, 2)}\n` : renderYaml(file));
  });
}
