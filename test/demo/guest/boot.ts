/** Boots a raw disk in qemu without hardware acceleration and listens to its serial port. */
import { spawn } from 'node:child_process';

export interface BootOptions {
  /** Path of a raw disk. The guest's writes are thrown away. */
  readonly disk: string;
  /** Ends the boot when the console shows it. */
  readonly until: RegExp;
  readonly signal: AbortSignal;
  /** `virtio` as KubeVirt attaches it, `sata` for older guests. */
  readonly bus?: 'virtio' | 'sata';
}

/**
 * Returns what the guest wrote on its first serial port until `until` matched.
 * @throws Error when qemu ends before, with what was heard so far; the signal's reason when it aborts
 */
export async function bootAndListen({ disk, until, signal, bus = 'virtio' }: BootOptions): Promise<string> {
  const drive = `file=${disk.replaceAll(',', ',,')},format=raw,snapshot=on`;
  const device = bus === 'virtio' ? `${drive},if=virtio` : `${drive},if=ide`;
  const args = ['-machine', 'q35,accel=tcg', '-m', '64', '-nodefaults', '-display', 'none', '-no-reboot'];
  const qemu = spawn('qemu-system-x86_64', [...args, '-serial', 'stdio', '-drive', device], { signal, killSignal: 'SIGKILL' });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let heard = '';
  let said = '';
  qemu.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  qemu.stdout.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1');
    if (!until.test(heard)) return;
    resolve(heard);
    qemu.kill('SIGKILL');
  });
  qemu.on('error', reject);
  qemu.on('close', () => reject(new Error(`qemu ended early. It said: ${said} The guest said: ${heard}`)));
  return await promise;
}
