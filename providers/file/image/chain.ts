/** Follows the parents of an image, each in the folder or archive of its child, and holds what child and parent say together. */
import { MigrationError } from '../../../src/model/errors.ts';
import type { ImageLayer } from '../../../src/model/transfer.ts';
import type { ImageLocation, ProbedImage } from '../seam.ts';
import { findParent } from './beside.ts';
import { inspectImage } from './inspect-image.ts';
import type { Inspected } from './inspection.ts';
import { malformed, unsupported } from './trouble.ts';

/** VMware allows 32 snapshots in a chain; nothing else that is sound comes near. */
const MAX_CHAIN = 32;

/**
 * @throws MigrationError `image-parent-missing`, `image-parent-loop`, `image-malformed` for a parent that changed under its child,
 *   and whatever is wrong with one of the images
 */
export async function followChain(location: ImageLocation, signal: AbortSignal): Promise<ProbedImage> {
  const top = await inspectImage(location, signal);
  const layers: [ImageLayer, ...ImageLayer[]] = [top.layer];
  const parents: string[] = [];
  const seen = new Set([identify(location)]);
  let unreadable = top.unreadable;
  let child: { readonly location: ImageLocation; readonly facts: Inspected } = { location, facts: top };
  while (child.facts.parent !== undefined) {
    const next = await findParent(child.location, child.facts.parent.names);
    if (seen.has(identify(next))) throw loop(location, `${child.location.name} names ${next.name} as its parent again`);
    if (parents.length >= MAX_CHAIN) throw loop(location, `more than ${MAX_CHAIN} images are in one chain`);
    seen.add(identify(next));
    const facts = await inspectImage(next, signal, child.facts.parent.format);
    checkKinship(child, { location: next, facts });
    layers.push(facts.layer);
    parents.push(next.name);
    unreadable ??= facts.unreadable;
    child = { location: next, facts };
  }
  if (parents.length > 0 && location.folder === undefined && !isReadHere(top)) unreadable ??= inArchive(location);
  return describe(top, { layers, parents, unreadable });
}

function identify({ slices: [first] }: ImageLocation): string {
  return `${first.path}@${first.offset}`;
}

function loop(location: ImageLocation, what: string): MigrationError {
  return new MigrationError('image-parent-loop', `The chain of ${location.name} has no end: ${what}`, { file: location.name });
}

/** What we read ourselves can be anywhere. */
function isReadHere({ layer: { format } }: Inspected): boolean {
  return format === 'vhd' || format === 'vhdx';
}

/** qemu-img 7.2 takes a parent only as a file of its own. */
function inArchive({ name }: ImageLocation): MigrationError {
  return unsupported(name, 'an image with a parent cannot be read inside an archive', 'Unpack the archive and give the files.');
}

interface Link {
  readonly location: ImageLocation;
  readonly facts: Inspected;
}

/** A parent of another kind, or one that was written after its child, would make a wrong disk. */
function checkKinship(child: Link, parent: Link): void {
  const { container } = child.facts.format;
  if (container !== 'qcow2' && parent.facts.format.container !== container) {
    throw malformed(child.location.name, `its parent ${parent.location.name} is no ${container.toUpperCase()} image`);
  }
  const wanted = child.facts.parent?.identities;
  const found = parent.facts.identity ?? 'unknown';
  if (wanted !== undefined && !wanted.includes(found)) {
    throw new MigrationError(
      'image-malformed',
      `${child.location.name} was made on another state of ${parent.location.name}: it expects ${wanted.join(' or ')}, the parent is ${found}`,
      {
        file: child.location.name,
        hint: 'The parent was changed, or is another disk of the same name. Copy both again together.',
      },
    );
  }
}

interface Chain {
  readonly layers: ProbedImage['layers'];
  readonly parents: readonly string[];
  readonly unreadable: MigrationError | undefined;
}

/** The facts are the top image's; what it allocates alone says nothing about the whole chain. */
function describe(top: Inspected, { layers, parents, unreadable }: Chain): ProbedImage {
  const { layer: _layer, identity: _identity, parent: _parent, allocated, ...facts } = top;
  return {
    ...facts,
    layers,
    ...(parents.length > 0 ? { parents } : allocated !== undefined && { allocated }),
    ...(unreadable !== undefined && { unreadable }),
  };
}
