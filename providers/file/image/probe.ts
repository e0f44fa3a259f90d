/**
 * Disk images: what a file holds, by its own headers. Start here.
 *
 *   probeImage ─► chain ─► inspect-image ─► magic            which format
 *                   ▲            └────────► inspect-<format> ─► <format>.ts (pure: header bytes in, facts out)
 *                   └─ beside: the files that an image names, only inside its folder or archive
 *
 * Here are facts about images and nothing about VMs; no byte of a disk's content is moved, only headers and tables are read
 * (a few MiB at most). What a dry run can still describe but nobody can read is told by `unreadable`; what is structurally wrong
 * is thrown at once.
 */
import type { ImageLocation, ProbedImage } from '../seam.ts';
import { followChain } from './chain.ts';

/**
 * Looks into an image and every parent below it.
 * @throws MigrationError `source-unrecognised`, `source-unreadable`, `source-not-found`, `image-truncated`, `image-malformed`,
 *   `image-unsupported`, `image-too-large`, `image-parent-missing`, `image-parent-loop`, `image-extent-missing`,
 *   `image-extent-unsafe`, `descriptor-encoding`, `gzip-malformed`, `gzip-oversized`
 */
export async function probeImage(location: ImageLocation, signal: AbortSignal): Promise<ProbedImage> {
  return await followChain(location, signal);
}
