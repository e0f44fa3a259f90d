/**
 * Which state of a source is read: equal ids mean equal bytes, so that a pass is gone on with after a kill only when nothing can have
 * changed meanwhile.
 */
import { hash } from 'node:crypto';
import type { DiskSource, LeaseSource, TransferJob } from '../../model/transfer.ts';

/**
 * Undefined when nobody can tell.
 * @param files state of the source's local files, as SourceWatch tells it
 */
export function passId({ source, delta }: TransferJob, files: readonly string[]): string | undefined {
  const state = stateOf(source, files);
  if (state.includes(undefined)) return undefined;
  return hash('sha256', JSON.stringify([source.kind, source.capacity, state, delta?.since ?? null]), 'hex');
}

function stateOf(source: DiskSource, files: readonly string[]): readonly unknown[] {
  switch (source.kind) {
    case 'blank':
      return [];
    case 'image':
      // A compressed image is read from its beginning whatever is done.
      return [source.layers, files, source.layers.some(({ gzip }) => gzip !== undefined) ? undefined : 0];
    case 'range':
      return [source.url, source.mark ?? source.tracking?.snapshot];
    case 'shared-image':
      return [source.layers, source.tracking?.snapshot ?? source.mark];
    case 'vddk':
      return [source.server, source.vm, source.file, source.snapshot ?? source.mark];
    case 'lease':
      return [source.server, source.of, source.deviceKey, leaseMark(source)];
  }
}

function leaseMark({ of, mark }: LeaseSource): string | undefined {
  return mark ?? (of.type === 'VirtualMachineSnapshot' ? of.id : undefined);
}
