/** Reads one of the descriptors in samples/, or a text, without looking at any image. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Envelope, readEnvelope } from '../../../../providers/file/ovf/envelope.ts';
import { readSystem, type VmDraft } from '../../../../providers/file/ovf/to-vm.ts';
import { parseXml } from '../../../../providers/file/ovf/xml.ts';

export const SAMPLES = path.join(import.meta.dirname, 'samples');

export function sampleText(name: string): string {
  return readFileSync(path.join(SAMPLES, name), 'utf8');
}

export function readText(text: string): Envelope {
  return readEnvelope(parseXml(text, { file: 'sample.ovf' }));
}

export function readDrafts(text: string, configuration?: string): readonly VmDraft[] {
  const envelope = readText(text);
  return envelope.systems.map((system) => readSystem(envelope, system, { configuration, fallbackName: 'sample' }));
}

/** The first VM of a sample. */
export function readSample(name: string, configuration?: string): VmDraft {
  const [draft] = readDrafts(sampleText(name), configuration);
  if (draft === undefined) throw new Error(`${name} holds no system`);
  return draft;
}
