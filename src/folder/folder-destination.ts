import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Begun, FolderTarget, RenderedFile } from '../contracts/destination.ts';
import { MigrationError } from '../model/errors.ts';
import { isMigrated } from '../model/phase.ts';
import type { VmPlan } from '../model/plan.ts';
import type { Report } from '../model/report.ts';
import type { DiskTarget } from '../model/transfer.ts';
import { makeFolder, writeDurably } from './durable-file.ts';
import { FolderStore } from './folder-store.ts';
import { keepGuest } from './kept-guests.ts';
import { keepMachine } from './kept-machines.ts';
import { type Lock, lockFolder } from './lock.ts';
import { entriesOf, isSameRun, isVacant, type Marker, plainName, readMarker, STATE_FOLDER, writeMarker } from './marker.ts';
import { readyToWrite } from './ready-to-write.ts';
import { readKeptSchedule } from './schedule-file.ts';

/** How objects become files; handed in, because rendering is pure and lives elsewhere. */
export interface FolderRenderer {
  vmFiles(plan: VmPlan): readonly RenderedFile[];
  runFiles(report: Report, vms: readonly string[], folder: string): readonly RenderedFile[];
}

/**
 * `migrate --to DIR` and `plan --out DIR`:
 * DIR/kustomization.yaml, DIR/report.*, DIR/<vm>/*.yaml, DIR/<vm>/disks/<claim>.img, DIR/.kubeferry (state).
 */
export class FolderDestination implements FolderTarget {
  readonly #folder: string;
  readonly #render: FolderRenderer;
  #lock: Lock | undefined;
  #claiming: Promise<unknown> = Promise.resolve();

  constructor(folder: string, render: FolderRenderer) {
    this.#folder = path.resolve(folder);
    this.#render = render;
  }

  async check(plans: readonly VmPlan[], { resume }: { readonly resume: boolean }): Promise<void> {
    const marker = await this.#look();
    if (marker?.kind === 'migration') this.#continueOnly(marker, plans, resume);
  }

  /** A claim of a folder that this process holds already is about some of its VMs, whose disks are others by now. */
  async claim(plans: readonly VmPlan[], { resume }: { readonly resume: boolean }): Promise<void> {
    const turn = this.#claiming.then(() => (this.#lock === undefined ? this.#claimAll(plans, resume) : this.#claimAgain(plans)));
    this.#claiming = turn.catch(() => undefined);
    await turn;
  }

  async begun(): ReturnType<FolderTarget['begun']> {
    const marker = await readMarker(this.#folder);
    const store = new FolderStore(this.#folder);
    const found = new Map<string, Begun>();
    for (const { target, vm, group, disks } of marker?.kind === 'migration' ? marker.vms : []) {
      const progress = await store.load(plainName(target));
      if (progress === undefined) continue;
      const claims = new Map(disks.map(({ key, claim }) => [key, claim]));
      found.set(vm, { type: progress.type, targetName: target, ...(group !== undefined && { group }), claims });
    }
    return found;
  }

  async schedule(): ReturnType<FolderTarget['schedule']> {
    return await readKeptSchedule(this.#folder);
  }

  async #claimAll(plans: readonly VmPlan[], resume: boolean): Promise<void> {
    const marker = await this.#enter();
    if (marker?.kind === 'migration') this.#continueOnly(marker, plans, resume);
    if (marker?.kind === 'plan') await this.#clear(marker);
    await this.#mark(plans, entriesOf(plans));
  }

  async #claimAgain(plans: readonly VmPlan[]): Promise<void> {
    const { vms = [] } = (await readMarker(this.#folder)) ?? {};
    const changed = entriesOf(plans);
    await this.#mark(
      plans,
      vms.map((known) => changed.find(({ vm }) => vm === known.vm) ?? known),
    );
  }

  async #mark(plans: readonly VmPlan[], vms: Marker['vms']): Promise<void> {
    await writeMarker(this.#folder, { kind: 'migration', vms, files: [] });
    for (const plan of plans) {
      await keepMachine(this.#folder, plan);
      await keepGuest(this.#folder, plan);
    }
    for (const { mapping } of plans) await makeFolder(path.join(this.#folder, mapping.targetName, 'disks'));
  }

  /** Writes everything but disks: the dry run's folder. What an earlier plan rendered here is replaced. */
  async render(report: Report, more: readonly RenderedFile[] = []): Promise<void> {
    const marker = await this.#enter();
    if (marker?.kind === 'migration') {
      throw new MigrationError('target-occupied', `${this.#folder} holds a migration with its disks.`, {
        file: this.#folder,
        hint: 'Render the plan into another folder.',
      });
    }
    const plans = report.vms.map(({ plan }) => plan);
    const names = plans.map(({ mapping }) => mapping.targetName);
    const files = [
      ...plans.flatMap((plan) => this.#render.vmFiles(plan)),
      ...this.#render.runFiles(report, names, this.#folder),
      ...more,
    ];
    if (marker !== undefined) await this.#clear(marker);
    await writeMarker(this.#folder, { kind: 'plan', vms: entriesOf(plans), files: files.map((file) => file.path) });
    for (const file of files) await this.#write(file);
  }

  diskTarget({ mapping }: VmPlan, diskKey: string): DiskTarget {
    const placement = mapping.placements.find(({ disk }) => disk === diskKey);
    if (placement === undefined) throw new Error(`${mapping.targetName} has no claim for ${diskKey}`);
    return { kind: 'raw-file', path: path.join(this.#folder, mapping.targetName, 'disks', `${placement.claim}.img`) };
  }

  /** Folder for work on the copied disks of a VM; on the same storage, and gone when that work is done. */
  workspace({ mapping }: VmPlan, work: 'conversion' | 'proof'): string {
    return path.join(this.#folder, STATE_FOLDER, work, mapping.targetName);
  }

  /** Picture of the booted guest. */
  picture({ mapping }: VmPlan): string {
    return path.join(this.#folder, mapping.targetName, 'boot-proof.png');
  }

  /** The file system: folders of VMs may be mounted apart. */
  async receiver({ mapping }: VmPlan): Promise<string> {
    const { dev } = await stat(path.join(this.#folder, mapping.targetName, 'disks')).catch(() => stat(this.#folder));
    return `file system ${dev}`;
  }

  async makeReady(plan: VmPlan): Promise<void> {
    const files = this.#render.vmFiles(plan);
    await readyToWrite(plan, { folder: this.#folder, files, fileOf: (disk) => this.diskTarget(plan, disk).path });
  }

  async createVm(plan: VmPlan): Promise<void> {
    for (const file of this.#render.vmFiles(plan)) await this.#write(file);
  }

  async publish(report: Report): Promise<void> {
    const complete = report.vms.filter(({ progress }) => isMigrated(progress?.phase)).map(({ plan }) => plan.mapping.targetName);
    for (const file of this.#render.runFiles(report, complete, this.#folder)) await this.#write(file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock?.[Symbol.asyncDispose]();
  }

  /** What an earlier run left here. */
  async #look(): Promise<Marker | undefined> {
    const marker = await readMarker(this.#folder);
    if (marker === undefined && !(await isVacant(this.#folder))) {
      throw new MigrationError('target-occupied', `${this.#folder} holds files that kubeferry did not write.`, {
        file: this.#folder,
        hint: 'Choose an empty folder.',
      });
    }
    return marker;
  }

  /** Takes the folder for this process. */
  async #enter(): Promise<Marker | undefined> {
    await this.#look();
    await makeFolder(path.join(this.#folder, STATE_FOLDER));
    this.#lock = await lockFolder(this.#folder);
    // Once more, now that nobody else can change it.
    return await readMarker(this.#folder);
  }

  #continueOnly(marker: Marker, plans: readonly VmPlan[], resume: boolean): void {
    const held = marker.vms.map(({ target }) => target).join(', ');
    if (!isSameRun(marker, plans)) {
      throw new MigrationError('target-occupied', `${this.#folder} already holds another migration: ${held}.`, {
        file: this.#folder,
        hint: 'Choose an empty folder.',
      });
    }
    if (!resume)
      throw new MigrationError('target-occupied', `${this.#folder} already holds a migration of ${held}.`, {
        file: this.#folder,
      });
  }

  async #clear({ files }: Marker): Promise<void> {
    for (const file of files) await rm(this.#inside(file), { force: true });
  }

  async #write({ path: name, content }: RenderedFile): Promise<void> {
    await writeDurably(this.#inside(name), content);
  }

  /** Names in a marker come from a file that somebody may have edited: they may not lead out of the folder. */
  #inside(name: string): string {
    const file = path.resolve(this.#folder, name);
    if (!file.startsWith(`${this.#folder}${path.sep}`)) {
      throw new MigrationError('state-unreadable', `The marker of ${this.#folder} names a file outside: ${name}.`, {
        file: this.#folder,
      });
    }
    return file;
  }
}
