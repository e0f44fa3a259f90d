/**
 * Runs a guest on its hypervisor's hardware (PVSCSI, and VMXNET3 cards in the slots that name them) or on KubeVirt's, and answers when it asks for the
 * passphrase of its disk. What it writes is thrown away.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '../free-ports.ts';
import { GUEST_CARDS, GUEST_PASSWORD, GUEST_PREFIX } from '../guests.ts';

export type GuestHardware = 'vmware' | 'virtio';

export interface GuestRun {
  readonly console: string;
  /** What the guest's SSH server says first at each of its static addresses, in the order of the cards. */
  readonly banners: readonly string[];
  readonly seconds: number;
}

/**
 * Waits for the login prompt and for SSH. The guest starts from the last of its disks, by BIOS: Debian's OVMF has no driver for PVSCSI.
 */
export async function runGuest(disks: readonly string[], hardware: GuestHardware, signal: AbortSignal): Promise<GuestRun> {
  const ports = await freePorts(GUEST_CARDS.length);
  const argv = [
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-machine', 'q35,graphics=off', '-device', 'VGA'],
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max,la57=off', '-smp', '2', '-m', '1024', '-device', 'virtio-rng-pci'],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...(hardware === 'vmware' ? ['-device', 'pvscsi,id=scsi'] : []),
    ...disks.flatMap((file, at) => [
      ...['-drive', `if=none,id=disk${at},format=raw,snapshot=on,file=${file}`],
      ...['-device', `${DISKS[hardware]},drive=disk${at},bootindex=${disks.length - at}`],
    ]),
    // udev names a card by the number of its slot, where the slot is one of PCI Express's own hotplug.
    ...['-global', 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off'],
    ...GUEST_CARDS.flatMap(({ name, slot, mac, address, gateway }, at) => [
      '-netdev',
      [
        `user,id=${name},restrict=on,net=${address}/${GUEST_PREFIX}`,
        ...(gateway === undefined ? [] : [`host=${gateway}`]),
        `hostfwd=tcp:127.0.0.1:${ports[at]}-${address}:22`,
      ].join(','),
      ...(hardware === 'vmware' ? ['-device', `pcie-root-port,id=slot${slot},slot=${slot},chassis=${slot}`] : []),
      ...['-device', `${hardware === 'vmware' ? `vmxnet3,bus=slot${slot}` : 'virtio-net-pci'},netdev=${name},mac=${mac}`],
    ]),
  ];
  const started = performance.now();
  const qemu = spawn('qemu-system-x86_64', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(qemu, 'exit');
  try {
    let console = '';
    let asked = false;
    qemu.stdout.setEncoding('utf8').on('data', (text: string) => {
      console += text;
      if (asked || !/Please unlock disk [\w.-]+: *$/.test(console)) return;
      asked = true;
      qemu.stdin.write(`${GUEST_PASSWORD}\n`);
    });
    while (!/ login: /.test(console)) {
      if (qemu.exitCode !== null) throw new Error(`qemu ended: ${console.slice(-2000)}`);
      await pause(500, undefined, { signal });
    }
    const banners: string[] = [];
    for (const port of ports) {
      let banner = '';
      while (banner === '') {
        banner = await greeting(port, signal);
        await pause(500, undefined, { signal });
      }
      banners.push(banner.trim());
    }
    return { console, banners, seconds: (performance.now() - started) / 1000 };
  } finally {
    qemu.kill('SIGKILL');
    await ended;
  }
}

const DISKS: Readonly<Record<GuestHardware, string>> = { vmware: 'scsi-hd,bus=scsi.0', virtio: 'virtio-blk-pci' };

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
