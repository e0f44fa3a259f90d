/** The options that make network attachments for networks which the map does not name. */
import { type Command, Option } from 'commander';
import { MigrationError } from '../model/errors.ts';
import type { NetworkGeneration } from '../model/mapping.ts';

export interface NetworkFlags {
  readonly generateNetworks?: NetworkGeneration['kind'];
  readonly bridge?: string;
  readonly physicalNetwork?: string;
  readonly networkNamespace?: string;
  readonly namespace?: string;
}

/** A Linux interface has 15 characters at most and neither blank nor slash in its name. */
const INTERFACE = /^[^\s/]{1,15}$/;

export function addNetworkOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--generate-networks <kind>',
        'make network attachments for networks that the network map does not name',
      ).choices(['bridge', 'ovn-localnet']),
    )
    .option('--bridge <name>', 'with --generate-networks bridge: the bridge of the nodes that carries the VLANs')
    .option('--physical-network <name>', 'with --generate-networks ovn-localnet: name in OVN’s bridge mappings')
    .option('--network-namespace <name>', 'where network attachments are made, instead of the namespace of the VMs');
}

/**
 * Undefined without `--generate-networks`.
 * @throws MigrationError `config-invalid`, with all that is wrong
 */
export function networkGeneration(flags: NetworkFlags): NetworkGeneration | undefined {
  const { generateNetworks: kind, bridge, physicalNetwork, networkNamespace } = flags;
  const mistakes = mistakesOf(flags);
  if (mistakes.length > 0) throw new MigrationError('config-invalid', mistakes.join('\n'));
  const place = networkNamespace === undefined ? {} : { namespace: networkNamespace };
  if (kind === 'bridge' && bridge !== undefined) return { kind, bridge, ...place };
  if (kind === 'ovn-localnet' && physicalNetwork !== undefined) return { kind, physicalNetwork, ...place };
  return undefined;
}

function mistakesOf({ generateNetworks: kind, bridge, physicalNetwork, networkNamespace, namespace }: NetworkFlags): string[] {
  const mistakes: string[] = [];
  if (kind === 'bridge' && bridge === undefined)
    mistakes.push('--generate-networks bridge needs --bridge: an attachment to a bridge that nodes do not have reaches nobody.');
  if (kind === 'ovn-localnet' && physicalNetwork === undefined)
    mistakes.push('--generate-networks ovn-localnet needs --physical-network: the name that OVN’s bridge mappings know.');
  if (kind === 'ovn-localnet' && namespace === undefined && networkNamespace === undefined)
    mistakes.push(
      '--generate-networks ovn-localnet needs --namespace or --network-namespace: it is written into the attachment.',
    );
  if (bridge !== undefined && kind !== 'bridge') mistakes.push('--bridge goes with --generate-networks bridge only.');
  if (bridge !== undefined && !INTERFACE.test(bridge)) mistakes.push(`--bridge ${bridge} is no name of a Linux interface.`);
  if (physicalNetwork !== undefined && kind !== 'ovn-localnet')
    mistakes.push('--physical-network goes with --generate-networks ovn-localnet only.');
  if (networkNamespace !== undefined && kind === undefined)
    mistakes.push('--network-namespace goes with --generate-networks only.');
  return mistakes;
}
