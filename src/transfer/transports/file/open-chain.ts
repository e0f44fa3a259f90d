/**
 * Opens local images that we read ourselves: VHDX and VHD, alone or on their parents. qemu-img would show a dynamic one as full, and reads
 * neither parents nor a VHDX whose log was not replayed, nor one with sectors of 4096 bytes.
 */
import type { ImageLayer, ImageSource } from '../../../model/transfer.ts';
import { SourceBytes } from '../../source-bytes.ts';
import type { DiskReader } from '../reader.ts';
import { ChainReader } from './chain-reader.ts';
import { type Chain, type ChainLayer, describeChain, isLayered, openLayers } from './open-layers.ts';

/**
 * Undefined for images of other formats, and for a fixed VHD alone: there qemu knows the holes of the file, which we cannot see.
 * @throws as openLayers
 */
export async function openChain({ layers, capacity }: ImageSource, signal: AbortSignal): Promise<DiskReader | undefined> {
  if (!isLayered(layers[0].format)) return undefined;
  const files: SourceBytes[] = [];
  const close = async (): Promise<void> => {
    for (const file of files) await file[Symbol.asyncDispose]();
  };
  const toLayer = ({ format, slices }: ImageLayer): ChainLayer => ({
    format,
    name: slices[0]?.path ?? '',
    open: async () => {
      const file = await SourceBytes.open(slices);
      files.push(file);
      return file;
    },
  });
  const [top, ...parents] = layers;
  const chain: Chain = [toLayer(top), ...parents.map(toLayer)];
  try {
    const opened = await openLayers(chain, capacity, signal);
    if (!opened[0].flat || opened.length > 1) {
      return new ChainReader({ layers: opened, size: capacity, transport: `file: ${describeChain(chain)}`, close });
    }
  } catch (error) {
    await close();
    throw error;
  }
  await close();
  return undefined;
}
