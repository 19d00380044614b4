import { controlCharacterAt } from '../config-line.ts';
import { isUsableName } from '../container-name.ts';
import { BadValue } from './bad-value.ts';
import { wholeNumber } from './number.ts';
import type { ValueType } from './value-type.ts';

/** In the order that LXC lists them. */
export const NAMESPACES = ['user', 'mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup', 'time'] as const;
export type NamespaceName = (typeof NAMESPACES)[number];

export const namespaceName: ValueType<NamespaceName> = {
  name: 'NAMESPACE …',
  valid: `namespaces (${NAMESPACES.join(' ')}) separated by blanks`,
  parse(text) {
    const found = NAMESPACES.find((name) => name === text.toLowerCase());
    if (!found) throw new BadValue(`"${text}" is not a namespace`);
    return found;
  },
  print: (value) => value,
};

export function printNamespaces(values: readonly NamespaceName[]): string {
  return NAMESPACES.filter((name) => values.includes(name)).join('\n');
}

/** Whose namespace is shared. */
export type NamespaceSource =
  | { readonly kind: 'pid'; readonly pid: number }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'container'; readonly name: string };

export const namespaceSource: ValueType<NamespaceSource> = {
  name: 'CONTAINER|PID|PATH',
  valid: 'the name of a container, the number of a process, or the path of a namespace',
  parse(text) {
    if (text.startsWith('/')) return { kind: 'path', path: text };
    const pid = /^[0-9]+$/.test(text) ? wholeNumber(text) : undefined;
    if (pid === 0) throw new BadValue('0 is the number of no process');
    if (pid !== undefined) return { kind: 'pid', pid };
    if (!isUsableName(text) || controlCharacterAt(text) >= 0)
      throw new BadValue(`"${text}" is no name for a container`);
    return { kind: 'container', name: text };
  },
};
