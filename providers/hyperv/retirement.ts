/** Makes a VM so that nobody takes it for the one that was migrated: another name, no network, no start with its host. */
import type { SourceRetirement } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { explain } from './trouble.ts';
import type { Whereabouts } from './whereabouts.ts';

export function sourceRetirement(whereabouts: Whereabouts): SourceRetirement {
  return {
    retire: async (vm, { rename, folder, disconnectNics }, signal) => {
      try {
        const { name } = (await whereabouts.vm(vm, signal)).answer;
        const wanted = rename === undefined || name.endsWith(rename) ? undefined : `${name}${rename}`;
        const input = {
          vm: vm.id,
          disconnect: disconnectNics === true,
          noAutomaticStart: true,
          ...(wanted !== undefined && { name: wanted }),
        };
        await whereabouts.run(vm, 'retire', input, signal);
      } catch (error) {
        throw explain(error, { what: `VM ${vm.name} cannot be retired`, vm: vm.name });
      }
      // What can be done is done; that there is no such place has to be told all the same.
      if (folder !== undefined) {
        throw new MigrationError('source-refused', `VM ${vm.name} is not moved to ${folder}: Hyper-V has no folders for VMs`, {
          vm: vm.name,
        });
      }
    },
  };
}
