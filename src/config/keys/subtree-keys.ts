import { NAMESPACES, namespaceSource } from '../values/namespace.ts';
import { RESOURCES, resourceLimit } from '../values/resource-limit.ts';
import { anyText } from '../values/text.ts';
import type { ValueType } from '../values/value-type.ts';
import { type KeyRow, type RepeatedRow, repeated, type SingleRow, single } from './key-row.ts';

/**
 * A family of keys whose last part is free, or one of a list. Repeated: lines with one name add up.
 */
export type SubtreeRow<T> = (SingleRow<T> | RepeatedRow<T>) & {
  /** Stands for the last part in the manual. */
  readonly placeholder: string;
  /** What the last part may be; undefined for anything. */
  readonly names: readonly string[] | undefined;
  /** `PREFIX =`, without the last dot, forgets the whole family. */
  readonly clearable: boolean;
};

// biome-ignore lint/suspicious/noExplicitAny: rows of all types
export type AnySubtreeRow = SubtreeRow<any>;

function subtree<T>(
  row: SingleRow<T> | RepeatedRow<T>,
  placeholder: string,
  names?: readonly string[],
  clearable = true,
): SubtreeRow<T> {
  return { ...row, placeholder, names, clearable };
}

/**
 * What a cgroup file takes is up to the kernel; units and translation are the business of the
 * cgroup room.
 */
const cgroupValue: ValueType<string> = {
  ...anyText,
  name: 'VALUE',
  valid: 'what the file of the cgroup takes',
};

/** Families by their prefix. */
export const SUBTREE_KEYS = {
  'lxc.cgroup2.': subtree(
    repeated(cgroupValue, {
      doc: 'Limit by the name that the file has in a cgroup of version 2; translated on a host with version 1.',
      example: 'lxc.cgroup2.memory.max = 2G',
      since: '3.0',
      acted: true,
    }),
    'CONTROLLER.FILE',
  ),
  'lxc.cgroup.': subtree(
    repeated(cgroupValue, {
      doc: 'Limit by the name that the file has in a cgroup of version 1; translated on a host with version 2.',
      example: 'lxc.cgroup.memory.limit_in_bytes = 2G',
      since: '1.0',
      acted: true,
    }),
    'CONTROLLER.FILE',
  ),
  'lxc.prlimit.': subtree(
    single(resourceLimit, {
      doc: 'Resource limit of init, as setrlimit(2) knows them, in lower case.',
      example: 'lxc.prlimit.nofile = 1024:4096',
      since: '2.1',
      acted: true,
    }),
    'RESOURCE',
    RESOURCES,
  ),
  'lxc.sysctl.': subtree(
    single(anyText, {
      doc: 'Kernel parameter of the container. Dots stand for slashes; a part of the name that has a dot of its own is written with slashes around, as for sysctl(8): `net/ipv6/conf/eth0.5/accept_ra`.',
      example: 'lxc.sysctl.net.ipv4.ip_forward = 1',
      since: '3.0',
      acted: true,
    }),
    'NAME',
  ),
  'lxc.proc.': subtree(
    repeated(anyText, {
      doc: "File below init's folder in /proc that is written to; dots stand for slashes.",
      example: 'lxc.proc.oom_score_adj = 10',
      since: '3.0',
      acted: true,
    }),
    'FILE',
  ),
  'lxc.namespace.share.': subtree(
    single(namespaceSource, {
      doc: 'Take this namespace from another container or process instead of making one.',
      example: 'lxc.namespace.share.net = web1',
      since: '3.0',
      acted: true,
    }),
    'NAMESPACE',
    NAMESPACES,
    false,
  ),
} satisfies Record<string, KeyRow>;
