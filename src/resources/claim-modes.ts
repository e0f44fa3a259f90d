/** How a claim is mounted, in Kubernetes' own words; in the custom resources and in the files of the command line. */
import { z } from 'zod';

export const AccessMode = z.enum(['ReadWriteOnce', 'ReadWriteMany', 'ReadOnlyMany', 'ReadWriteOncePod']);
export const VolumeMode = z.enum(['Block', 'Filesystem']);
