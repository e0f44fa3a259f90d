/** Looks into the guests of local images before anything is copied. */
import type { GuestInspector } from '../contracts/guest-inspector.ts';
import type { Accelerator } from '../model/conversion.ts';
import type { SourceVm } from '../model/vm.ts';
import { withTemporary } from './guest/appliance.ts';
import { inspectDisks } from './guest/inspect.ts';
import { readKeys } from './keys.ts';

export interface ImageInspectorOptions {
  /** Shows a disk on a socket; undefined for one that cannot be shown. */
  readonly show: (
    vm: SourceVm,
    disk: string,
    signal: AbortSignal,
  ) => Promise<({ readonly socket: string } & AsyncDisposable) | undefined>;
  readonly cacheFolder: string;
  readonly accelerator: (signal: AbortSignal) => Promise<Accelerator>;
}

/** A VM is looked into as a whole, or not at all: half of its disks say nothing about what boots. One after the other: each takes an appliance. */
export function imageInspector({ show, cacheFolder, accelerator }: ImageInspectorOptions): GuestInspector {
  return async (vm, { conversion }, signal) => {
    await using shown = new AsyncDisposableStack();
    const disks: { readonly socket: string }[] = [];
    for (const { key } of vm.disks) {
      const disk = await show(vm, key, signal);
      if (disk === undefined) return undefined;
      disks.push(shown.use(disk));
    }
    if (disks.length === 0) return undefined;
    const keys = conversion?.keys === undefined ? [] : await readKeys(conversion.keys);
    const name = await accelerator(signal);
    return await withTemporary({ cacheFolder }, (temporary) =>
      inspectDisks(disks, {
        ...{ vm: vm.name, keys, signal },
        appliance: { cacheFolder, accelerator: name, temporary },
        ...(conversion?.root !== undefined && { root: conversion.root }),
      }),
    );
  };
}
