/**
 * What runs once in Windows when it starts for the first time: batch files in the folder of the service that virt-v2v left there. They run as
 * LocalSystem in the order of their names, after those of virt-v2v (which begin with lower numbers), and write to its log. Pure.
 */
import type { ConversionChange, ConversionNic, GuestScript } from '../../../model/conversion.ts';
import { addressCommands } from './addresses.ts';

/** Where virt-v2v (2.0 and later) has its service, as paths of the appliance and of Windows. */
export const FIRST_BOOT_FOLDER = '/Program Files/Guestfs/Firstboot';
const WINDOWS_FOLDER = 'C:\\Program Files\\Guestfs\\Firstboot';

/** Stands for it until all are there. */
const NUMBER = '<number>';

export interface WindowsFile {
  /** Below the folder: `scripts/9000-0001-name.bat`. */
  readonly name: string;
  readonly text: string;
  readonly change?: ConversionChange;
}

export function planWindowsFirstBoot(nics: readonly ConversionNic[], scripts: readonly GuestScript[]): readonly WindowsFile[] {
  const addresses = nics.flatMap((nic): WindowsFile[] => {
    const commands = addressCommands(nic);
    if (commands.length === 0) return [];
    const name = `kubeferry-addresses-${nic.mac.replaceAll(':', '')}`;
    const what = `Addresses of the NIC ${nic.mac} that virt-v2v cannot carry are set at the first boot.`;
    return startedBy(name, `${name}.ps1`, commands.join('\n'), { subject: 'network', what });
  });
  const own = scripts
    .filter(({ when }) => when === 'first-boot')
    .flatMap(({ name, text }): WindowsFile[] => {
      const change: ConversionChange = { subject: 'tools', what: `The script ${name} runs at the first boot.` };
      if (name.endsWith('.ps1')) return startedBy(`kubeferry-${name}`, `kubeferry-${name}`, text, change);
      return [{ name: batch(`kubeferry-${name}`), text: lines(text), change }];
    });
  let started = 0;
  return [...addresses, ...own].map((file) => {
    if (!file.name.includes(NUMBER)) return file;
    started += 1;
    return { ...file, name: file.name.replace(NUMBER, `9000-${String(started).padStart(4, '0')}`) };
  });
}

function startedBy(name: string, file: string, text: string, change: ConversionChange): WindowsFile[] {
  const command = `powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "${WINDOWS_FOLDER}\\${file}"`;
  return [
    { name: file, text: lines(text) },
    { name: batch(name), text: lines(`@echo off\n${command}`), change },
  ];
}

/** Its caller leaves out what follows the last dot, and would look for a program of that kind. */
function batch(name: string): string {
  return `scripts/${NUMBER}-${name.replace(/\.(bat|cmd)$/i, '').replaceAll('.', '-')}.bat`;
}

function lines(text: string): string {
  return `${text.replaceAll(/\r?\n/g, '\r\n').trimEnd()}\r\n`;
}
