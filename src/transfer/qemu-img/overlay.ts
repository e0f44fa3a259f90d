import { MigrationError } from '../../model/errors.ts';
import { startProgram } from '../program.ts';

/**
 * Makes a qcow2 file over a raw one: whoever writes to it leaves the raw file as it is, which must not change as long as the overlay is used.
 * @param base absolute path of the raw file @param overlay absolute path; one that is there is replaced
 * @throws MigrationError `tool-missing`, `transfer-tool-failed`, `canceled`
 */
export async function makeOverlay(base: string, overlay: string, signal: AbortSignal): Promise<void> {
  const argv = ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, overlay];
  const program = await startProgram('qemu-img', argv, signal);
  program.stdout.resume();
  const { status, stderr } = await program.ended;
  signal.throwIfAborted();
  if (status === 0) return;
  throw new MigrationError('transfer-tool-failed', `qemu-img cannot make an overlay: ${stderr || 'it does not say why'}`, {
    file: overlay,
  });
}
