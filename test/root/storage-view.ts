/**
 * What a container (or snapshot) sees: its layers laid over each other by the rules that the kernel goes by, as far as
 * tests use them (files, folders, whiteouts).
 */
import { type Dirent, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

function rootfsPath(directory: string): string {
  return /^lxc\.rootfs\.path = \w+:(.*)$/m.exec(readFileSync(join(directory, 'config'), 'utf8'))![1]!;
}

/** The directory that takes what is written into a container from outside. */
export function upperOf(directory: string): string {
  return rootfsPath(directory).split(':').at(-1)!;
}

/** What lies below it. */
export function lowersOf(directory: string): string[] {
  return rootfsPath(directory).split(':').slice(0, -1);
}

/** Files and their text. */
export function contentOf(directory: string): Record<string, string> {
  const parts = rootfsPath(directory).split(':');
  const content = new Map<string, string>();
  for (const layer of [...parts.slice(0, -1).reverse(), parts.at(-1)!]) lay(layer, '', content);
  return Object.fromEntries([...content].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function lay(layer: string, below: string, content: Map<string, string>): void {
  for (const entry of readdirSync(join(layer, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) lay(layer, path, content);
    else if (isWhiteout(entry, join(layer, path))) {
      for (const name of content.keys())
        if (name === path || name.startsWith(`${path}/`)) content.delete(name);
    } else if (entry.isFile()) content.set(path, readFileSync(join(layer, path), 'utf8'));
  }
}

function isWhiteout(entry: Dirent, path: string): boolean {
  return entry.isCharacterDevice() && lstatSync(path).rdev === 0;
}
