/** Asks nbdkit whether it can load the library, without logging in anywhere. */
import { text } from 'node:stream/consumers';
import { MigrationError } from '../../../model/errors.ts';
import { startProgram } from '../../program.ts';
import { diagnoseVddk } from './diagnose.ts';
import { findLibrary } from './library.ts';

export interface VddkProbe {
  /** Absolute. */
  readonly folder: string;
  /** Major version of the library. */
  readonly version: number;
  /** Its transport modes in its order, such as `file:nbdssl:nbd`. */
  readonly transports: string;
}

/** @throws MigrationError `tool-missing` for nbdkit, its plugin or the library; `canceled` */
export async function probeVddk(libraryFolder: string, signal: AbortSignal): Promise<VddkProbe> {
  const { folder } = await findLibrary(libraryFolder);
  const program = await startProgram('nbdkit', ['vddk', '--dump-plugin', `libdir=${folder}`], signal);
  const told = await text(program.stdout);
  const { status, stderr } = await program.ended;
  if (status !== 0) throw diagnoseVddk(stderr, { server: '', libraryFolder: folder }, '');
  // A library that cannot be loaded is left out without a word.
  const version = /^vddk_library_version=(\d+)$/m.exec(told)?.[1];
  if (version === undefined) {
    throw new MigrationError('tool-missing', `nbdkit cannot load the library in ${folder}.`, {
      hint: 'Check that it is a VDDK for this machine, that all of its lib64 is there, and that nbdkit knows its version.',
    });
  }
  return { folder, version: Number(version), transports: /^vddk_transport_modes=(.*)$/m.exec(told)?.[1] ?? '' };
}
