/** The part of a Disk that its image states. */

import { defined } from '../../../src/model/defined.ts';
import type { Disk } from '../../../src/model/vm.ts';
import type { ProbedImage } from '../seam.ts';

type DiskFacts = Pick<
  Disk,
  'capacity' | 'format' | 'allocated' | 'passthrough' | 'encrypted' | 'sectorSize' | 'parents' | 'changeTracking'
>;

export function diskFacts(image: ProbedImage): DiskFacts {
  const { capacity, format, allocated, passthrough, encrypted, sectorSize, parents, changeTracking } = image;
  return { capacity, format, ...defined({ allocated, passthrough, encrypted, sectorSize, parents, changeTracking }) };
}
