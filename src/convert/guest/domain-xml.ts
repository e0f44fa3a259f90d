/** The description of a VM that virt-v2v reads (`-i libvirtxml`): as little as its conversion looks at. */
import type { ConversionRequest } from '../../model/conversion.ts';
import type { Overlay } from './overlay.ts';

/** Names of our disks to the appliance, in order: sda … sdz, sdaa … */
export function deviceName(at: number): string {
  const letter = String.fromCharCode(97 + (at % 26));
  return at < 26 ? `sd${letter}` : `${deviceName(Math.floor(at / 26) - 1)}${letter}`;
}

/** Memory and processors are none of the conversion's business; libvirt's grammar wants them. */
export function domainXml({ vm, firmware, nics }: ConversionRequest, overlays: readonly Overlay[]): string {
  const disks = overlays.map(({ overlay }, at) =>
    [
      "    <disk type='file' device='disk'>",
      "      <driver name='qemu' type='qcow2'/>",
      `      <source file='${escaped(overlay)}'/>`,
      `      <target dev='${deviceName(at)}' bus='scsi'/>`,
      '    </disk>',
    ].join('\n'),
  );
  const interfaces = nics.map(({ mac }) =>
    [
      "    <interface type='network'>",
      `      <mac address='${escaped(mac)}'/>`,
      "      <source network='default'/>",
      "      <model type='virtio'/>",
      '    </interface>',
    ].join('\n'),
  );
  return [
    "<domain type='kvm'>",
    `  <name>${escaped(vm)}</name>`,
    "  <memory unit='MiB'>1024</memory>",
    '  <vcpu>1</vcpu>',
    firmware === 'uefi' ? "  <os firmware='efi'><type>hvm</type></os>" : '  <os><type>hvm</type></os>',
    '  <devices>',
    ...disks,
    ...interfaces,
    '  </devices>',
    '</domain>',
    '',
  ].join('\n');
}

/** Characters that XML 1.0 cannot hold at all become a question mark: a name is for people. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll("'", '&apos;');
}
