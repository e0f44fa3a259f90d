/** Draws a folder as a tree, with the size of each file. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes } from '../../src/model/units.ts';

/** Lines of the tree below `folder`, folders after files, by name. What lies in hidden folders is not shown. */
export async function drawTree(folder: string, indent = ''): Promise<readonly string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).toSorted(
    (a, b) => Number(a.isDirectory()) - Number(b.isDirectory()) || (a.name < b.name ? -1 : 1),
  );
  const lines: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const last = index === entries.length - 1;
    const below = path.join(folder, entry.name);
    const hidden = entry.isDirectory() && entry.name.startsWith('.');
    lines.push(`${indent}${last ? '└── ' : '├── '}${entry.name}${await remark(below, entry.isDirectory(), hidden)}`);
    if (entry.isDirectory() && !hidden) lines.push(...(await drawTree(below, `${indent}${last ? '    ' : '│   '}`)));
  }
  return lines;
}

async function remark(file: string, directory: boolean, hidden: boolean): Promise<string> {
  if (hidden) return '/  (progress, for --resume)';
  if (directory) return '/';
  const { size, blocks } = await stat(file);
  // A sparse file occupies fewer blocks (of 512 bytes, whatever the file system's own) than it has bytes.
  const used = blocks * 512;
  return used < size ? `  ${formatBytes(size)}, ${formatBytes(used)} on disk` : `  ${formatBytes(size)}`;
}
