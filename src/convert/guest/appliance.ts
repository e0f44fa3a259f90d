/** The small machine of libguestfs in which virt-v2v and guestfish work on disks: how it is set up. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Accelerator } from '../../model/conversion.ts';

/** How libguestfs is to work: where its appliance is kept between runs, and how much memory that has. */
export interface ApplianceOptions {
  readonly accelerator: Accelerator;
  /** Folder on local storage with about 1 GiB free; libguestfs builds its appliance there once and keeps it. */
  readonly cacheFolder: string;
  /** Folder with a short path for sockets and small files: the names of sockets have at most 107 bytes. */
  readonly temporary: string;
  /** 1280 when absent; relabelling large file systems under SELinux needs more. */
  readonly memoryMiB?: number;
}

/** The environment of every program that uses libguestfs. */
export function applianceEnvironment(options: ApplianceOptions): Readonly<Record<string, string>> {
  return {
    LIBGUESTFS_BACKEND: 'direct',
    LIBGUESTFS_BACKEND_SETTINGS: options.accelerator === 'tcg' ? 'force_tcg' : 'force_kvm',
    LIBGUESTFS_CACHEDIR: options.cacheFolder,
    LIBGUESTFS_TMPDIR: options.temporary,
    TMPDIR: options.temporary,
    XDG_RUNTIME_DIR: options.temporary,
    ...(options.memoryMiB === undefined ? {} : { LIBGUESTFS_MEMSIZE: String(options.memoryMiB) }),
  };
}

/** A folder for one run, removed when the work has ended, however it ends. The one where appliances are kept is there from then on: libguestfs makes none. */
export async function withTemporary<T>(
  { cacheFolder }: Pick<ApplianceOptions, 'cacheFolder'>,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kf-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
