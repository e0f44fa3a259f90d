/** The options about a target cluster, and its facts as they are now. */
import { type Command, Option } from 'commander';
import type { ClusterAccess } from '../contracts/cluster.ts';
import type { ClusterFacts } from '../model/cluster-facts.ts';
import { printable } from '../report/columns.ts';
import type { CommandContext } from './context.ts';

export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/**
 * @param rivals names of options that say the same in another way
 * @param about what the cluster is to the command
 */
export function addClusterOptions(
  command: Command,
  rivals: readonly string[] = [],
  about = 'target cluster, asked for its facts now',
): Command {
  return command
    .addOption(new Option('--kubeconfig <file>', about).conflicts([...rivals]))
    .addOption(new Option('--context <name>', 'context of the kubeconfig instead of its current one').conflicts([...rivals]));
}

/** Undefined where no option names a cluster. */
export function namedCluster({ kubeconfig, context }: ClusterOptions): ClusterAccess | undefined {
  if (kubeconfig === undefined && context === undefined) return undefined;
  return { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) };
}

/** Reads the facts and says on stderr what could not be read. */
export async function readClusterFacts(
  access: ClusterAccess,
  { services, terminal, signal }: CommandContext,
): Promise<ClusterFacts> {
  const { facts, unknown } = await services.readFacts(access, signal);
  for (const { because } of unknown) terminal.err(`kubeferry: not known: ${printable(because)}\n`);
  return facts;
}
