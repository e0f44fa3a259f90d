/**
 * The list of VMs that image files are, in as many ConfigMaps as it needs. A worker writes it; the first ConfigMap is written last and says how many
 * there are, so that half a list is none.
 */
import type { ResourceName } from '../../contracts/resources.ts';
import type { RecordedVm, RecordRef, WorkerRecord } from '../../contracts/worker-order.ts';
import { MigrationError } from '../../model/errors.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { textAt } from '../facts/json.ts';
import { CONFIG_MAPS } from '../kinds.ts';
import { pack, unpack } from '../resources/kept-plans.ts';
import { MADE_BY } from '../runtime/owners.ts';
import { PIECES, pieceName, workerMetadata } from './worker-pod.ts';

/** JSON before it is packed, in characters: packed it is a fifth or less, and a ConfigMap holds 1 MiB. */
const PIECE = 2 * 1024 * 1024;
/** What a ConfigMap takes, in characters of packed text. */
const MAX_PACKED = 1_000_000;

/** The worker's end: it may write these ConfigMaps and nothing else. */
export class ImageRecord implements WorkerRecord {
  readonly #client: KubeClient;
  readonly #ref: RecordRef;

  constructor(client: KubeClient, ref: RecordRef) {
    this.#client = client;
    this.#ref = ref;
  }

  async keep(vms: AsyncIterable<RecordedVm>, signal: AbortSignal): Promise<void> {
    let first: string | undefined;
    let pieces = 0;
    for await (const piece of inPieces(vms)) {
      for (const text of await packed(piece)) {
        if (pieces === PIECES)
          throw new MigrationError('workbook-too-large', 'The folder holds more VMs than can be listed.', TOO_MANY);
        if (pieces === 0) first = text;
        else await this.#write(pieces, { vms: text }, signal);
        pieces += 1;
      }
    }
    await this.#write(0, { pieces: String(pieces), vms: first ?? (await pack([])) }, signal);
  }

  async #write(index: number, data: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const { name, owner } = this.#ref;
    const metadata = workerMetadata({ name: pieceName(name, index), owner, namespace: owner.namespace });
    await this.#client.apply(CONFIG_MAPS, { metadata, data }, { signal, force: true });
  }
}

const TOO_MANY = { hint: 'Give several Providers a folder each.' };

/** The whole list; undefined where there is none yet. @throws MigrationError `state-unreadable` */
export async function readRecord(
  client: KubeClient,
  { name, owner: { namespace } }: RecordRef,
  signal: AbortSignal,
): Promise<readonly RecordedVm[] | undefined> {
  const first = await client.get(CONFIG_MAPS, { namespace, name }, { signal });
  const count = Number(textAt(first, 'data', 'pieces') ?? 0);
  if (count === 0) return undefined;
  const vms: RecordedVm[] = [];
  for (let index = 0; index < count; index += 1) {
    const piece = index === 0 ? first : await client.get(CONFIG_MAPS, { namespace, name: pieceName(name, index) }, { signal });
    const text = textAt(piece, 'data', 'vms');
    if (text === undefined) throw new MigrationError('state-unreadable', `The list ${name} has no piece ${index} any more.`);
    vms.push(...(await unpack<RecordedVm[]>(text)));
  }
  return vms;
}

/** Removes the list, so that the files are read anew. */
export async function forgetRecord(
  client: KubeClient,
  { name, owner }: { readonly name: string; readonly owner: ResourceName },
  signal: AbortSignal,
): Promise<void> {
  // Further pieces mean nothing without the first, and are written over.
  await client.delete(CONFIG_MAPS, { namespace: owner.namespace, name }, { signal });
}

/** Removes what earlier lists of the same owner left. */
export async function forgetEarlier(client: KubeClient, { name, owner }: RecordRef, signal: AbortSignal): Promise<void> {
  const { namespace, uid } = owner;
  const labels = `${MADE_BY}=${uid},app.kubernetes.io/component=worker`;
  for await (const { items } of client.list(CONFIG_MAPS, { namespace, labels, metadataOnly: true, signal })) {
    for (const { metadata } of items) {
      if (metadata.name === name || metadata.name.startsWith(`${name}-`)) continue;
      await client.delete(CONFIG_MAPS, { namespace, name: metadata.name }, { signal });
    }
  }
}

async function* inPieces(vms: AsyncIterable<RecordedVm>): AsyncGenerator<readonly RecordedVm[]> {
  let piece: RecordedVm[] = [];
  let size = 0;
  for await (const vm of vms) {
    const length = JSON.stringify(vm).length;
    if (piece.length > 0 && size + length > PIECE) {
      yield piece;
      [piece, size] = [[], 0];
    }
    piece.push(vm);
    size += length;
  }
  if (piece.length > 0) yield piece;
}

/** Packed texts that a ConfigMap takes; a piece that does not shrink as the others do is halved. */
async function packed(vms: readonly RecordedVm[]): Promise<readonly string[]> {
  const text = await pack(vms);
  if (text.length <= MAX_PACKED || vms.length === 1) return [text];
  const half = Math.ceil(vms.length / 2);
  return [...(await packed(vms.slice(0, half))), ...(await packed(vms.slice(half)))];
}
