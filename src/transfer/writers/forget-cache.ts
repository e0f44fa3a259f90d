/** Makes a proof reach the disk. */
import { startProgram } from '../program.ts';

/**
 * Asks the kernel to forget the cached content of a synced file or device, so that what is read next comes from the disk. Node has no
 * posix_fadvise; GNU dd has. Best effort: tmpfs and some network file systems keep their pages, and nothing depends on it
 * but how deep the proof reaches.
 */
export async function forgetCache(file: string, signal: AbortSignal): Promise<void> {
  const program = await startProgram('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none'], signal).catch(
    () => undefined,
  );
  program?.stdout.resume();
  await program?.ended;
}
