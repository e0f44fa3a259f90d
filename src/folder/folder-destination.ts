import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { FolderTarget, RenderedFile } from '../contracts/destination.ts';
import { MigrationError } from '../model/errors.ts';
import type { VmPlan } from '../model/plan.ts';
import type { Report } from '../model/report.ts';
import type { DiskTarget } from '../model/transfer.ts';
import { makeFolder, writeDurably } from './durable-file.ts';
import { type Lock, lockFolder } from './lock.ts';
import { identity, isVacant, type Marker, readMarker, STATE_FOLDER, writeMarker } from './marker.ts';

/** How objects become files; handed in, because rendering is pure and lives elsewhere. */
export interface FolderRenderer {
  vmFiles(plan: VmPlan): readonly RenderedFile[];
  runFiles(report: Report, vms: readonly string[]): readonly RenderedFile[];
}

/**
 * `migrate --to DIR` and `plan --out DIR`:
 * DIR/kustomization.yaml, DIR/report.*, DIR/<vm>/*.yaml, DIR/<vm>/disks/<claim>.img, DIR/.kubeferry (state).
 */
export class FolderDestination implements FolderTarget {
  readonly #folder: string;
  readonly #render: FolderRenderer;
  #lock: Lock | undefined;

  constructor(folder: string, render: FolderRenderer) {
    this.#folder = path.resolve(folder);
    this.#render = render;
  }

  async check(plans: readonly VmPlan[], { resume }: { readonly resume: boolean }): Promise<void> {
    const marker = await this.#look();
    if (marker?.kind === 'migration') this.#continueOnly(marker, identity(plans), resume);
  }

  async claim(plans: readonly VmPlan[], { resume }: { readonly resume: boolean }): Promise<void> {
    const vms = identity(plans);
    const marker = await this.#enter();
    if (marker?.kind === 'migration') this.#continueOnly(marker, vms, resume);
    if (marker?.kind === 'plan') await this.#clear(marker);
    await writeMarker(this.#folder, { kind: 'migration', vms, files: [] });
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
    const files = [...plans.flatMap((plan) => this.#render.vmFiles(plan)), ...this.#render.runFiles(report, names), ...more];
    if (marker !== undefined) await this.#clear(marker);
    await writeMarker(this.#folder, { kind: 'plan', vms: identity(plans), files: files.map((file) => file.path) });
    for (const file of files) await this.#write(file);
  }

  diskTarget({ mapping }: VmPlan, diskKey: string): DiskTarget {
    const placement = mapping.placements.find(({ disk }) => disk === diskKey);
    if (placement === undefined) throw new Error(`${mapping.targetName} has no claim for ${diskKey}`);
    return { kind: 'raw-file', path: path.join(this.#folder, mapping.targetName, 'disks', `${placement.claim}.img`) };
  }

  /** The file system: folders of VMs may be mounted apart. */
  async receiver({ mapping }: VmPlan): Promise<string> {
    const { dev } = await stat(path.join(this.#folder, mapping.targetName, 'disks')).catch(() => stat(this.#folder));
    return `file system ${dev}`;
  }

  async createVm(plan: VmPlan): Promise<void> {
    for (const file of this.#render.vmFiles(plan)) await this.#write(file);
  }

  async publish(report: Report): Promise<void> {
    const complete = report.vms
      .filter(({ progress }) => progress?.phase === 'Completed')
      .map(({ plan }) => plan.mapping.targetName);
    for (const file of this.#render.runFiles(report, complete)) await this.#write(file);
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

  #continueOnly(marker: Marker, vms: Marker['vms'], resume: boolean): void {
    const held = marker.vms.map(({ target }) => target).join(', ');
    if (JSON.stringify(marker.vms) !== JSON.stringify(vms)) {
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
