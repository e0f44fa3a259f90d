import { type Command, Option } from 'commander';
import type { Connection } from '../../contracts/provider.ts';
import type { SourceHost, SourceNetwork, SourceStorage } from '../../model/inventory.ts';
import { formatBytes } from '../../model/units.ts';
import type { SourceVm } from '../../model/vm.ts';
import { readSelected } from '../../prepare.ts';
import { columns, printable } from '../../report/columns.ts';
import { guestLine, hardwareLine } from '../../report/describe.ts';
import { renderYaml } from '../../report/yaml.ts';
import type { CommandContext } from '../context.ts';
import { addSelectOption, addSourceOptions, type SourceOptions, withSource } from '../source-options.ts';

type InventoryFormat = 'table' | 'json' | 'yaml' | 'ndjson';

interface InventoryOptions extends SourceOptions {
  readonly output: InventoryFormat;
  readonly select?: readonly string[];
  readonly vms?: boolean;
  readonly networks?: boolean;
  readonly storage?: boolean;
  readonly hosts?: boolean;
}

/** One kind of thing in an inventory: how to read it and how to show it in columns. */
interface View<T> {
  readonly read: (connection: Connection, signal: AbortSignal) => AsyncIterable<T>;
  readonly head: readonly string[];
  readonly row: (item: T) => readonly string[];
}

/** `kubeferry inventory SOURCE`: facts, no judgement. */
export function inventoryCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('inventory <source>')
    .description('list what a source holds')
    .option('--vms', 'virtual machines (the default)')
    .addOption(new Option('--networks', 'networks that VMs are attached to').conflicts(['vms', 'storage', 'hosts']))
    .addOption(new Option('--storage', 'datastores, volumes or folders').conflicts(['vms', 'hosts']))
    .addOption(new Option('--hosts', 'hypervisor hosts').conflicts('vms'))
    .addOption(
      new Option('-o, --output <format>', 'ndjson streams one object a line')
        .choices(['table', 'json', 'yaml', 'ndjson'])
        .default('table'),
    );
  addSelectOption(addSourceOptions(command)).action(async (source: string, options: InventoryOptions) => {
    await withSource(source, options, context, async (connection) => {
      if (options.networks) return await show(connection, NETWORKS, options.output, context);
      if (options.storage) return await show(connection, STORAGES, options.output, context);
      if (options.hosts) return await show(connection, HOSTS, options.output, context);
      return await show(connection, selectedVms(options.select ?? []), options.output, context);
    });
  });
}

function selectedVms(criteria: readonly string[]): View<SourceVm> {
  return {
    read: (connection, signal) => readSelected(connection, criteria, signal),
    head: ['NAME', 'POWER', 'HARDWARE', 'GUEST', 'ID'],
    row: (vm) => [vm.name, vm.power ?? '-', hardwareLine(vm), guestLine(vm), vm.ref.id],
  };
}

const NETWORKS: View<SourceNetwork> = {
  read: async function* (connection, signal) {
    yield* (await connection.surroundings(signal)).networks;
  },
  head: ['NAME', 'VLAN', 'DESCRIPTION', 'ID'],
  row: ({ name, vlan, description, id }) => [name, vlan === undefined ? '-' : String(vlan), description ?? '-', id],
};

const STORAGES: View<SourceStorage> = {
  read: async function* (connection, signal) {
    yield* (await connection.surroundings(signal)).storages;
  },
  head: ['NAME', 'KIND', 'CAPACITY', 'FREE', 'ID'],
  row: ({ name, kind, capacity, free, id }) => [name, kind ?? '-', size(capacity), size(free), id],
};

const HOSTS: View<SourceHost> = {
  read: async function* (connection, signal) {
    yield* (await connection.surroundings(signal)).hosts;
  },
  head: ['NAME', 'PRODUCT', 'ID'],
  row: ({ name, product, id }) => [name, product ?? '-', id],
};

function size(bytes: number | undefined): string {
  return bytes === undefined ? '-' : formatBytes(bytes);
}

async function show<T extends object>(
  connection: Connection,
  view: View<T>,
  format: InventoryFormat,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const items: T[] = [];
  for await (const item of view.read(connection, signal)) {
    if (format !== 'ndjson') items.push(item);
    else {
      terminal.out(`${JSON.stringify(item)}\n`);
      await terminal.drained?.();
    }
  }
  if (format === 'json') terminal.out(`${JSON.stringify(items, null, 2)}\n`);
  if (format === 'yaml') terminal.out(renderYaml(items));
  if (format === 'table')
    terminal.out(
      `${columns([view.head, ...items.map(view.row)])
        .map(printable)
        .join('\n')}\n`,
    );
}
