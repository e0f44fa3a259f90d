/**
 * What the Hyper-V scenarios stand on: the simulated host or cluster, Debian's samba in front of its files, and the command line between them. What
 * arrives is compared with what the guest's own disks held when its power went.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ReportDocument } from '../../../src/model/report-document.ts';
import { kubeferry, type Session } from '../../cli/session.ts';
import type { Machine } from '../../peers/hyperv/machine.ts';
import { type Hyperv, type HypervOptions, startHyperv } from '../../peers/hyperv.ts';
import { type Samba, startSamba } from '../../peers/samba.ts';

export interface Ground extends AsyncDisposable {
  readonly hyperv: Hyperv;
  readonly samba: Samba;
  /** A folder that no migration has yet. */
  folder(name: string): string;
  /** `kubeferry migrate` of a VM of it. */
  migrate(vm: string, folder: string, ...more: readonly string[]): Promise<Session>;
  /** Each disk as its guest left it, the host as it was found but for the VM that is off. */
  assertArrived(folder: string, machine: Machine): Promise<void>;
}

/** @param share of the hosts, where the files of the VMs are, and how the hosts name its folder */
export async function startGround(options: HypervOptions, share = { name: 'VMs', path: 'C:\\VMs' }): Promise<Ground> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'kubeferry-hyperv-scenario-'));
  const hyperv = await startHyperv(options);
  const samba = await startSamba({ shares: { [share.name]: hyperv.folderOf(share.name) } });
  const environment = { KUBEFERRY_PASSWORD: hyperv.password, KUBEFERRY_SHARE_PASSWORD: samba.password };
  // The authority of all nodes.
  const authority = path.join(scratch, 'authority.pem');
  await writeFile(authority, hyperv.certificate.certificate);
  const files = ['--path-map', `${share.path}=smb://${samba.host}:${samba.port}/${share.name}`, '--share-user', samba.user];
  return {
    hyperv,
    samba,
    folder: (name) => path.join(scratch, name),
    migrate: async (vm, folder, ...more) => {
      const args = ['migrate', '--guest', 'none', hyperv.url, vm, '--ca-file', authority, ...files, '--to', folder, ...more];
      return await kubeferry(args, { services: { credentials: { environment } } });
    },
    assertArrived: async (folder, machine) => {
      const { name } = machine.facts;
      const rest = machine.truth() ?? assert.fail(`${name} was never off`);
      const { vms } = JSON.parse(await readFile(path.join(folder, '.kubeferry', 'run.json'), 'utf8'));
      const { disks } = vms.find(({ target }: { readonly target: string }) => target === name);
      assert.equal(disks.length, rest.slots.length);
      for (const [at, slot] of rest.slots.entries()) {
        const bytes = await readFile(path.join(folder, name, 'disks', `${disks[at].claim}.img`));
        assert.equal(createHash('sha256').update(bytes).digest('hex'), rest.digest(slot), `${name} ${slot} differs`);
      }
      assert.equal(machine.state, 'Off');
      assert.deepEqual(hyperv.ledger.checkpoints, []);
      assert.deepEqual(hyperv.ledger.referencePoints, []);
      assert.deepEqual(hyperv.ledger.refused, []);
      assert.equal(hyperv.ledger.openShells, 0);
    },
    [Symbol.asyncDispose]: async () => {
      await samba[Symbol.asyncDispose]();
      await hyperv[Symbol.asyncDispose]();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

export async function reportOf(folder: string): Promise<ReportDocument> {
  return JSON.parse(await readFile(path.join(folder, 'report.json'), 'utf8'));
}
