/**
 * Writes an OCI image layout (image-spec 1.1) from tar files, one a layer: `node oci.ts FOLDER LAYER.tar…`. All that is in it comes from its
 * arguments, package.json, SOURCE_DATE_EPOCH and VARIANT (what its tag has behind the version), so that the same input gives the same bytes.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const TYPE = 'application/vnd.oci.image';
/** Node's names of processors → Go's, which images use. */
const PROCESSORS: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Passes bytes on and knows their hash. */
class Digest extends Transform {
  readonly #hash = createHash('sha256');
  bytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }

  name(): string {
    return `sha256:${this.#hash.digest('hex')}`;
  }
}

const [folder, ...layers] = process.argv.slice(2);
if (folder === undefined || layers.length === 0) throw new Error('usage: oci.ts FOLDER LAYER.tar…');
const manifest: { readonly version: string; readonly description: string; readonly license: string } = JSON.parse(
  await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
);
const created = new Date(Number(process.env['SOURCE_DATE_EPOCH'] ?? 0) * 1000).toISOString();
const blobs = path.join(folder, 'blobs', 'sha256');
await rm(path.join(folder, 'blobs'), { recursive: true, force: true });
await mkdir(blobs, { recursive: true });

const packed = [];
for (const layer of layers) packed.push(await pack(layer));
const config = await store(`${TYPE}.config.v1+json`, {
  created,
  architecture: PROCESSORS[process.arch] ?? process.arch,
  os: 'linux',
  config: {
    User: '107:107',
    Entrypoint: ['/usr/bin/kubeferry'],
    Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/tmp', 'NODE_ENV=production'],
    WorkingDir: '/tmp',
    Labels: {
      'org.opencontainers.image.title': 'kubeferry',
      'org.opencontainers.image.description': manifest.description,
      'org.opencontainers.image.version': manifest.version,
      'org.opencontainers.image.licenses': manifest.license,
      'org.opencontainers.image.created': created,
    },
  },
  rootfs: { type: 'layers', diff_ids: packed.map(({ diffId }) => diffId) },
  history: packed.map((_, index) => ({ created, created_by: index === 0 ? 'mmdebstrap' : 'deploy/image/build.sh' })),
});
const image = await store(`${TYPE}.manifest.v1+json`, {
  schemaVersion: 2,
  mediaType: `${TYPE}.manifest.v1+json`,
  config,
  layers: packed.map(({ layer }) => layer),
});
const annotations = { 'org.opencontainers.image.ref.name': `${manifest.version}${process.env['VARIANT'] ?? ''}` };
await writeFile(path.join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
const index = { schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests: [{ ...image, annotations }] };
await writeFile(path.join(folder, 'index.json'), JSON.stringify(index));

/** Compresses a tar file into a blob. */
async function pack(tar: string): Promise<{ readonly diffId: string; readonly layer: Descriptor }> {
  const [plain, zipped] = [new Digest(), new Digest()];
  const unnamed = path.join(blobs, 'unnamed');
  await pipeline(createReadStream(tar), plain, createGzip({ level: 6 }), zipped, createWriteStream(unnamed));
  const digest = zipped.name();
  await rename(unnamed, path.join(blobs, digest.slice('sha256:'.length)));
  return { diffId: plain.name(), layer: { mediaType: `${TYPE}.layer.v1.tar+gzip`, digest, size: zipped.bytes } };
}

async function store(mediaType: string, value: object): Promise<Descriptor> {
  const text = JSON.stringify(value);
  const hex = createHash('sha256').update(text).digest('hex');
  await writeFile(path.join(blobs, hex), text);
  return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
}
