/**
 * Whether KVM can be used here. Its device file proves nothing: under some hypervisors it opens, and what runs with it is
 * interpreted word by word, so that no ordinary kernel ever comes up. So a guest of one sector is run: it enters 64-bit mode, takes
 * an exception and counts twenty million times to zero. A processor needs 10 ms for that, emulation 0.5 s, such a KVM minutes.
 */
import { constants } from 'node:fs';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AcceleratorChoice } from '../../model/boot-proof.ts';
import { startProgram } from '../guest/program.ts';

/** x86 machine code, loaded at 0x7c00. The numbers in brackets are addresses. */
const SECTOR = [
  'fa 31c0 8ed8 8ec0 8ed0 bc007c', // cli; ds, es, ss = 0; sp = 7c00
  'bf0010 b90018 fc f3ab', // clear [1000] to [4000]
  'c70600100320 c70600200330 c70600308300', // page tables: the first 2 MiB stand where they are
  '66b800100000 0f22d8 66b820060000 0f22e0', // cr3 = 1000; cr4 = PAE, SSE
  '66b9800000c0 0f32 0d0001 0f30', // EFER.LME
  '0f0116c87c 66b801000080 0f22c0 ea597c0800', // gdt; cr0 = paging, protection; jump into 64-bit mode at [7c59]
  '66b81000 8ed8 8ec0 8ed0 bc007c0000', // data segments, stack
  '48c7c09f7c0000 6689042560500000 66c704256250000008 00 66c70425645000 00008e', // gate of the exception for invalid instructions: [7c9f]
  '0f011c25ce7c0000 48c7c000100000 0f22d8 0f0b', // idt; cr3 again; an invalid instruction
  'b9002d3101 ffc9 75fc', // [7c9f] 20,000,000 times
  'b02a e6f4 f4 ebfd 90', // 42 to port f4 ends qemu with status 85; else halt
  '0000000000000000 00000000009a2000 0000000000920000', // gdt [7cb0]
  '1700 b07c0000 ff0f 0050000000000000', // gdtr [7cc8], idtr [7cce]
];
const DONE = 85;
/** SeaBIOS and qemu's start are in it, on a machine with other work. */
const PATIENCE_MS = 5000;
/** SeaBIOS refuses disks of less than a track. */
const DISK_SIZE = 1_048_576;

let chosen: Promise<AcceleratorChoice> | undefined;

/** Found out once in the life of this process. @throws MigrationError `tool-missing`, `canceled` */
export async function chooseAccelerator(signal: AbortSignal): Promise<AcceleratorChoice> {
  chosen ??= probe('/dev/kvm', signal);
  try {
    return await chosen;
  } catch (error) {
    chosen = undefined;
    throw error;
  }
}

async function probe(device: string, signal: AbortSignal): Promise<AcceleratorChoice> {
  try {
    await access(device, constants.R_OK | constants.W_OK);
  } catch {
    return { name: 'tcg', because: 'There is no /dev/kvm here that may be opened.' };
  }
  if (await runsWith('kvm', signal)) return { name: 'kvm', because: 'A guest ran with it.' };
  return { name: 'tcg', because: 'KVM is here, and a tiny guest did not run with it in five seconds.' };
}

/** Whether the tiny guest came to its end in time. Exported to be tried with emulation. */
export async function runsWith(accelerator: 'kvm' | 'tcg', signal: AbortSignal, patienceMs = PATIENCE_MS): Promise<boolean> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-accelerator-'));
  try {
    const disk = path.join(folder, 'disk.img');
    await writeFile(disk, tinyGuest());
    const patience = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    const { stdin, stdout, reports, ended } = await startProgram('qemu-system-x86_64', argv(accelerator, disk), {
      signal: patience,
    });
    stdin.end();
    stdout.resume();
    reports.resume();
    const { status } = await ended;
    signal.throwIfAborted();
    return status === DONE;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function argv(accelerator: 'kvm' | 'tcg', disk: string): readonly string[] {
  return [
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot', '-machine', 'q35', '-m', '64'],
    ...['-accel', accelerator, '-cpu', accelerator === 'kvm' ? 'host' : 'max'],
    ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=4'],
    ...[
      '-drive',
      `if=none,id=disk,format=raw,readonly=on,file=${disk.replaceAll(',', ',,')}`,
      '-device',
      'virtio-blk-pci,drive=disk',
    ],
  ];
}

function tinyGuest(): Buffer {
  const disk = Buffer.alloc(DISK_SIZE);
  Buffer.from(SECTOR.join('').replaceAll(' ', ''), 'hex').copy(disk);
  disk.set([0x55, 0xaa], 510);
  return disk;
}
