import { Command, Option } from 'commander';
import type { LogLevel } from '../contracts/log.ts';
import { assessCommand } from './commands/assess.ts';
import { containerDoors } from './commands/container-doors.ts';
import { doctorCommand } from './commands/doctor.ts';
import { factsCommand } from './commands/facts.ts';
import { inventoryCommand } from './commands/inventory.ts';
import { migrateCommand } from './commands/migrate.ts';
import { planCommand } from './commands/plan.ts';
import { statusCommand } from './commands/status.ts';
import { switchCommands } from './commands/switches.ts';
import { testCutoverCommand } from './commands/test-cutover.ts';
import { verifyCommand } from './commands/verify.ts';
import type { CommandContext } from './context.ts';

/** The commander tree, built anew for each run so that tests can build it too. */
export function buildProgram(context: CommandContext): Command {
  const { program: name = 'kubeferry' } = context.services;
  const program = new Command(name)
    .description('Moves virtual machines to Kubernetes with KubeVirt: dry run first, every byte proven.')
    .version(context.services.version)
    .addOption(
      new Option('--log-level <level>', 'JSON log lines on stderr')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('silent')
        .env('KUBEFERRY_LOG_LEVEL'),
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.terminal.out(text), writeErr: (text) => context.terminal.err(text) })
    .showHelpAfterError('(run with --help for the options)')
    .addHelpText('after', EXAMPLES.replaceAll('\n  kubeferry ', `\n  ${name} `))
    .hook('preAction', (command) => {
      context.services.log.level = command.opts<{ logLevel: LogLevel }>().logLevel;
    });
  const about = [inventoryCommand, assessCommand, planCommand, migrateCommand, verifyCommand, factsCommand, doctorCommand];
  for (const add of [...about, statusCommand, switchCommands, testCutoverCommand, containerDoors]) add(program, context);
  return program;
}

const EXAMPLES = `
SOURCE is a path: guest.ova, guest.ovf, guest.vmx, a disk image (vmdk, vhd, vhdx, qcow2, vdi, raw), or a folder of them;
or a server: vsphere://user@host[:port][/datacenter], with the password in KUBEFERRY_PASSWORD, KUBEFERRY_PASSWORD_FILE or at the prompt.

Exit codes: 0 fine, 1 concerns at or above --fail-on or disks that verify finds wrong, 2 usage or configuration, 3 a source, a cluster or a transfer failed.

Examples:
  kubeferry inventory ./exports                        what is there
  kubeferry doctor vsphere://me@vc.example.org         test every link to a vCenter
  kubeferry facts --kubeconfig ~/.kube/config > f.yaml what the target cluster has, for plan --facts f.yaml
  kubeferry plan guest.ova                             the dry run: every field, kept, changed or dropped
  kubeferry plan guest.ova --out ./gitops              the same as a folder for Git
  kubeferry migrate guest.ova --to ./out               manifests, raw disks, report; every byte proven
  kubeferry migrate guest.ova --to ./out --resume      go on after an interruption
  kubeferry migrate vsphere://me@vc web-1 --to ./out --warm --cutover manual  copy it while it runs, until you say so:
  kubeferry cutover ./out                              from another terminal; status ./out shows how far it is
  kubeferry verify ./out                               are the disks still what was proven
  kubeferry migrate vsphere://me@vc web-1 --to cluster the same by the operator in a cluster; it is followed to its end
  kubeferry verify --plan web-1                        the same for the claims of a plan, while its VMs are off
  kubeferry plan vsphere://me@vc web-1 -o yaml         what that applies, for kubectl or Git
  kubeferry status web-1 --watch                       how far it is; cancel, retry, pause, resume, cutover act on it
`;
