/** Compiles a policy to instructions of classic BPF, by libseccomp. */
import { closeSync, readFileSync } from 'node:fs';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { errnoName, errnoNumber } from '../../kernel/errno.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { type Libseccomp, libseccomp } from '../../kernel/libseccomp.ts';
import { ARCHITECTURES, hostArchitectures } from './architectures.ts';
import type { Action, Policy, Rule } from './policy.ts';
import { policyFault } from './policy-fault.ts';

export interface Filter {
  readonly bpf: Buffer;
  /** Whether the policy passes a system call to a proxy. */
  readonly notifies: boolean;
  /** Rules for system calls that libseccomp does not know; they have no effect. */
  readonly unknown: readonly Rule[];
}

const ACTION: Record<Action['kind'], number> = {
  kill: 0,
  trap: 0x00030000,
  errno: 0x00050000,
  notify: 0x7fc00000,
  allow: 0x7fff0000,
};
const actionNumber = (action: Action) => ACTION[action.kind] + (action.kind === 'errno' ? action.errno : 0);

/** A tracer skips a system call by setting its number to -1. */
const ATTRIBUTE_SKIP = 5;
const RESOLVE_FAILED = -1;
/** `struct scmp_arg_cmp`. */
const COMPARISON_SIZE = 24;

/**
 * @throws TslxcError TOOL_MISSING without libseccomp, SECCOMP_POLICY if libseccomp refuses a rule
 */
export function compilePolicy(kernel: Pick<Kernel, 'memfd'>, policy: Policy): Filter {
  const library = libseccomp();
  if (!library)
    throw new TslxcError({
      code: 'TOOL_MISSING',
      message: `libseccomp.so.2 is not installed: the policy ${policy.file} cannot be compiled`,
      hint: 'install it (Debian: apt-get install libseccomp2), or clear lxc.seccomp.profile with an empty value',
    });
  const words = policy.version === 1 ? hostArchitectures().slice(0, 1) : hostArchitectures();
  const unknown: Rule[] = [];
  const [main, ...others] = words.map((word) => context(library, policy, word, unknown));
  // libseccomp frees a merged context together with the one it is merged into.
  for (const other of others)
    if (library.merge(main!, other) < 0)
      throw refused(policy, undefined, 'the architectures do not go together');
  const file = kernel.memfd('seccomp');
  try {
    const exported = library.exportBpf(main!, file);
    if (exported < 0)
      throw refused(policy, undefined, `no filter can be made of it: ${errnoName(-exported)}`);
    const notifies = [policy.otherwise, ...policy.rules.map(({ action }) => action)].some(
      ({ kind }) => kind === 'notify',
    );
    return { bpf: readFileSync(`/proc/self/fd/${file}`), notifies, unknown };
  } finally {
    closeSync(file);
    library.release(main!);
  }
}

/**
 * Builds the filter for one architecture. Rules in `[all]` apply to the architectures that have the
 * call.
 */
function context(library: Libseccomp, policy: Policy, word: string, unknown: Rule[]): number {
  const made = library.init(actionNumber(policy.otherwise));
  if (made === 0)
    throw refused(policy, 2, `libseccomp has no default action ${policy.otherwise.kind} (or no memory)`);
  library.setAttribute(made, ATTRIBUTE_SKIP, 1);
  const arch = ARCHITECTURES[word]!;
  const native = ARCHITECTURES[hostArchitectures()[0]!]!;
  if (arch !== native) {
    library.addArchitecture(made, arch);
    library.removeArchitecture(made, native);
  }
  for (const rule of policy.rules) {
    if (rule.section !== 'all' && rule.section !== word) continue;
    // The library expects numbers of the machine's own architecture (below 0 where the call does
    // not exist there) and translates them.
    const number = typeof rule.call === 'number' ? rule.call : library.resolve(native, rule.call);
    if (number === RESOLVE_FAILED) {
      if (!unknown.includes(rule)) unknown.push(rule);
    } else if (typeof rule.call === 'number' || library.resolve(arch, rule.call) >= 0)
      addRule(library, policy, made, rule, number);
  }
  return made;
}

function addRule(library: Libseccomp, policy: Policy, made: number, rule: Rule, number: number): void {
  const action = actionNumber(rule.action);
  // The rule repeats the default, which libseccomp refuses as a mistake.
  if (action === actionNumber(policy.otherwise)) return;
  const comparisons = Buffer.alloc(COMPARISON_SIZE * Math.max(1, rule.comparisons.length));
  rule.comparisons.forEach(({ index, operator, value, mask }, i) => {
    const masked = mask !== 0n;
    comparisons.writeUInt32LE(index, i * COMPARISON_SIZE);
    comparisons.writeUInt32LE(operator, i * COMPARISON_SIZE + 4);
    comparisons.writeBigUInt64LE(masked ? mask : value, i * COMPARISON_SIZE + 8);
    comparisons.writeBigUInt64LE(masked ? value : 0n, i * COMPARISON_SIZE + 16);
  });
  const added = library.addRule(made, action, number, rule.comparisons.length, comparisons);
  if (added < 0 && -added !== errnoNumber('EEXIST'))
    throw refused(policy, rule.line, `libseccomp refuses the rule for ${rule.call}: ${errnoName(-added)}`);
}

function refused(policy: Policy, line: number | undefined, message: string): TslxcError {
  return policyFault(policy.file, line, message, 'seccomp_rule_add(3) says what libseccomp takes');
}
