/** What becomes of a VM's guest, as every format shows it: what is asked, what was done, what was seen. Pure, like all renderers. */
import type { VmReport } from '../../model/report.ts';
import type { Exhibit } from '../exhibit.ts';
import { addressesExhibit } from './addresses.ts';
import { bootExhibit } from './boot.ts';
import { conversionExhibit } from './conversion.ts';
import { foundExhibit } from './found.ts';

export { plannedExhibits } from './plan.ts';

/** In the order in which it came about. Empty where nobody has looked into the guest. */
export function guestExhibits({
  vm,
  inspection,
  progress,
}: Pick<VmReport, 'vm' | 'inspection' | 'progress'>): readonly Exhibit[] {
  const { conversion, proof } = progress ?? {};
  return [
    ...(inspection === undefined ? [] : [foundExhibit(inspection)]),
    ...(conversion === undefined ? [] : [conversionExhibit(conversion)]),
    ...(proof === undefined ? [] : [bootExhibit(proof, vm.name), ...addressesExhibit(vm, proof, conversion)]),
  ];
}
