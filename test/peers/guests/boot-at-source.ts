/** Runs a guest as its hypervisor would: PVSCSI, and a VMXNET3 card in the slot that makes it ens192. What it writes is thrown away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '../free-ports.ts';
import { GUEST_ADDRESS, GUEST_GATEWAY, GUEST_PREFIX } from '../guests.ts';

export interface SourceGuest {
  readonly disk: string;
  readonly firmware: 'bios' | 'uefi';
  readonly mac: string;
}

export interface SourceBoot {
  readonly console: string;
  /** What the guest's SSH server says first, at the guest's static address. */
  readonly banner: string;
  readonly seconds: number;
}

/** Waits for the login prompt and for SSH. */
export async function bootAtSource({ disk, firmware, mac }: SourceGuest, signal: AbortSignal): Promise<SourceBoot> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-source-guest-'));
  const [port = 0] = await freePorts(1);
  const variables = path.join(folder, 'vars.fd');
  if (firmware === 'uefi') await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', variables);
  const flash = [
    ...['-drive', 'if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd'],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${variables}`],
  ];
  const subnet = `${GUEST_ADDRESS.replace(/\d+$/, '0')}/${GUEST_PREFIX}`;
  const argv = [
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-machine', 'q35,graphics=off', '-device', 'VGA'],
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max,la57=off', '-smp', '2', '-m', '1024'],
    ...(firmware === 'uefi' ? flash : []),
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-device', 'pvscsi,id=scsi', '-drive', `if=none,id=disk,format=raw,snapshot=on,file=${disk}`],
    ...['-device', 'scsi-hd,bus=scsi.0,drive=disk,bootindex=1'],
    ...[
      '-netdev',
      `user,id=nic,restrict=on,net=${subnet},host=${GUEST_GATEWAY},hostfwd=tcp:127.0.0.1:${port}-${GUEST_ADDRESS}:22`,
    ],
    // udev names a card by the number of its slot, where the slot is one of PCI Express's own hotplug.
    ...['-global', 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off'],
    ...['-device', 'pcie-root-port,id=slot192,slot=192,chassis=192', '-device', `vmxnet3,bus=slot192,netdev=nic,mac=${mac}`],
  ];
  const started = performance.now();
  const qemu = spawn('qemu-system-x86_64', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(qemu, 'exit');
  try {
    let console = '';
    qemu.stdout.setEncoding('utf8').on('data', (text: string) => {
      console += text;
    });
    while (!/ login: /.test(console)) {
      if (qemu.exitCode !== null) throw new Error(`qemu ended: ${console.slice(-2000)}`);
      await pause(500, undefined, { signal });
    }
    let banner = '';
    while (banner === '') {
      banner = await greeting(port, signal);
      await pause(500, undefined, { signal });
    }
    return { console, banner, seconds: (performance.now() - started) / 1000 };
  } finally {
    qemu.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

/** Empty where nobody greets. */
async function greeting(port: number, signal: AbortSignal): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]) });
  let heard = '';
  try {
    for await (const text of socket.setEncoding('latin1') as AsyncIterable<string>) {
      heard += text;
      if (heard.includes('\n')) break;
    }
  } catch {
    signal.throwIfAborted();
  }
  return heard;
}
