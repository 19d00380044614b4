/** The kernel's table of mounts, as tests look at it. */
import { readFileSync } from 'node:fs';

export interface MountLine {
  /** What of the file system is mounted. */
  readonly root: string;
  readonly options: readonly string[];
  /** `shared`, `master`, `unbindable` … without their numbers. */
  readonly propagation: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

interface Entry extends MountLine {
  readonly id: string;
  readonly parent: string;
  readonly point: string;
}

function parseLine(line: string): Entry {
  const fields = line.split(' ');
  const end = fields.indexOf('-');
  const [id = '', parent = '', , root = '', point = '', options = ''] = fields;
  return {
    id,
    parent,
    point,
    root,
    options: options.split(','),
    propagation: fields.slice(6, end).map((field) => field.replace(/:.*/, '')),
    type: fields[end + 1]!,
    source: fields[end + 2]!,
    superOptions: fields[end + 3]!.split(','),
  };
}

/**
 * Mount point to what a look at that path meets, from the text of a mountinfo file. What is covered is left out; the
 * order of the lines says nothing about that.
 */
export function parseMountinfo(text: string): Map<string, MountLine> {
  const entries = text.trim().split('\n').map(parseLine);
  const ids = new Set(entries.map(({ id }) => id));
  const root = entries.find(({ parent, id }) => !ids.has(parent) || parent === id)!;
  const meets = (path: string): Entry => {
    for (let at = root; ; ) {
      const [next] = entries
        .filter(
          ({ id, parent, point }) =>
            parent === at.id && id !== at.id && `${path}/`.startsWith(point === '/' ? '/' : `${point}/`),
        )
        .sort((a, b) => a.point.length - b.point.length);
      if (!next) return at;
      at = next;
    }
  };
  return new Map(
    entries
      .map(({ point }) => [point, meets(point)] as const)
      .filter(([point, found]) => found.point === point),
  );
}

export const mountsOfProcess = (pid: number | 'self') =>
  parseMountinfo(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));

/** What a look at a path meets. */
export function mountAt(mounts: ReadonlyMap<string, MountLine>, path: string): MountLine | undefined {
  const [point] = [...mounts.keys()]
    .filter((one) => `${path}/`.startsWith(one === '/' ? '/' : `${one}/`))
    .sort((a, b) => b.length - a.length);
  return point === undefined ? undefined : mounts.get(point);
}
