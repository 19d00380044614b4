/**
 * libseccomp, which compiles filters: it knows the numbers of system calls on every architecture.
 * Found at run time, since a container without `lxc.seccomp.profile` does without it.
 */
import { type Bound, bindLibrary } from './binding.ts';
import { fn } from './signatures.ts';

const status = <const A extends Parameters<typeof fn>[2][]>(symbol: string, ...args: A) =>
  fn(symbol, 'status', ...args);

/**
 * Contexts are pointers; architectures and actions are 32 bits without a sign, for which a long has
 * room.
 */
const FUNCTIONS = {
  init: fn('seccomp_init', 'long', 'long'),
  release: fn('seccomp_release', 'void', 'long'),
  setAttribute: status('seccomp_attr_set', 'long', 'int', 'long'),
  addArchitecture: status('seccomp_arch_add', 'long', 'long'),
  removeArchitecture: status('seccomp_arch_remove', 'long', 'long'),
  merge: status('seccomp_merge', 'long', 'long'),
  resolve: status('seccomp_syscall_resolve_name_arch', 'long', 'string'),
  addRule: status('seccomp_rule_add_array', 'long', 'long', 'int', 'int', 'buffer'),
  exportBpf: status('seccomp_export_bpf', 'long', 'int'),
} as const;

export type Libseccomp = Bound<typeof FUNCTIONS>;

const FILE = 'libseccomp.so.2';
let bound: Libseccomp | undefined;

/** Its functions return 0 or a negated errno. Undefined where the library is not installed. */
export function libseccomp(): Libseccomp | undefined {
  bound ??= bindLibrary(FILE, FUNCTIONS);
  return bound;
}
