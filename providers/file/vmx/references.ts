/** Which disk files a VMX names. Pure. */
import { lastPart } from '../image/beside.ts';
import { listDrives } from './drives.ts';
import { parseVmx } from './parse-vmx.ts';
import { vmxValues } from './values.ts';

/**
 * Names relative to the folder of the VMX, as `readVmx` looks for them.
 * @throws MigrationError `vmx-malformed`, `descriptor-encoding`
 */
export function vmxReferences(text: Buffer, file: string): readonly string[] {
  return listDrives(vmxValues(parseVmx(text, file)), file).flatMap(({ file: name }) => {
    if (name === undefined) return [];
    return name.startsWith('[') ? lastPart(name) : name.replaceAll('\\', '/');
  });
}
