/** Which NICs the guest's configuration speaks of, by their kernel names. */
import type { NetworkFile } from '../../../model/guest-inspection.ts';

/** Names that udev and kernels give to network cards: `eth0`, `ens192`, `enp0s3`, `eno16777736`, `enx001122334455`. */
const CARD = /^(eth\d+|en[ospx][0-9a-z]+(np\d+|d\d+)?|em\d+|p\d+p\d+)$/;

/** Sorted as numbers read (ens192 before ens224), each once. */
export function nicNamesIn(files: readonly NetworkFile[]): readonly string[] {
  const names = new Set(files.flatMap(namesOf));
  return [...names].filter((name) => CARD.test(name)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** Names in one file, cards or not. */
export function namesOf({ kind, path, text = '' }: NetworkFile): readonly string[] {
  const lines = text.split('\n').filter((line) => !/^\s*[#;]/.test(line));
  const all = (pattern: RegExp): string[] => lines.flatMap((line) => words(pattern.exec(line)?.[1]));
  switch (kind) {
    case 'ifupdown':
      return all(/^\s*(?:auto|allow-\S+|iface)\s+(.+)$/);
    case 'netplan':
      return all(/^\s+["']?([\w.-]+)["']?\s*:/).concat(all(/^\s*set-name:\s*["']?([\w.-]+)/));
    case 'networkmanager':
      return all(/^\s*interface-name\s*=\s*(.+)$/);
    case 'ifcfg': {
      const devices = all(/^\s*DEVICE\s*=\s*["']?([\w.-]+)/);
      return devices.length > 0 ? devices : fileName(path);
    }
    case 'wicked':
      return fileName(path);
    case 'systemd-networkd':
    case 'systemd-link':
      return all(/^\s*Name\s*=\s*(.+)$/);
    case 'udev':
      return all(/NAME\s*=\s*"([\w.-]+)"/);
  }
}

/** The initscripts and wicked name a file after its NIC: `ifcfg-eth0`. */
function fileName(path: string): string[] {
  return [path.slice(path.lastIndexOf('/ifcfg-') + '/ifcfg-'.length)];
}

function words(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(/[\s,;]+/);
}
