/**
 * Which state of a source is read: equal ids mean equal bytes, so that a pass is gone on with after a kill only when nothing can have
 * changed meanwhile. Where nobody can tell, the id is a new one each time and the pass begins anew.
 */
import { hash, randomUUID } from 'node:crypto';
import type { DiskSource, LeaseSource, TransferJob } from '../../model/transfer.ts';

/** @param files state of the source's local files, as SourceWatch tells it */
export function passId({ source, delta }: TransferJob, files: readonly string[]): string {
  const state = JSON.stringify([source.kind, source.capacity, stateOf(source, files), delta?.since ?? null]);
  return hash('sha256', state, 'hex');
}

function stateOf(source: DiskSource, files: readonly string[]): readonly unknown[] {
  switch (source.kind) {
    case 'blank':
      return [];
    case 'image':
      return [source.layers, files];
    case 'range':
      return [source.url, source.mark ?? source.tracking?.snapshot ?? randomUUID()];
    case 'vddk':
      return [source.server, source.vm, source.file, source.snapshot ?? source.mark ?? randomUUID()];
    case 'lease':
      return [source.server, source.of, source.deviceKey, leaseMark(source)];
  }
}

function leaseMark({ of, mark }: LeaseSource): string {
  return mark ?? (of.type === 'VirtualMachineSnapshot' ? of.id : randomUUID());
}
