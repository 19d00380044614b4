/**
 * Parser for the policy file of `lxc.seccomp.profile`. The first line is the version, the second
 * the kind of list:
 *
 *     2                                       1
 *     denylist                                allowlist
 *     reject_force_umount                     0
 *     [all]                                   1
 *     mknod errno 1
 *     ioctl errno 1 [1,0x9400,&=,0xff00]
 *
 * Version 1 lists the numbers of the allowed system calls; all others kill the process.
 */
import { errnoNumber } from '../../kernel/errno.ts';
import { ARCHITECTURES } from './architectures.ts';
import { type Comparison, parseComparisons } from './comparison.ts';
import { PolicyFault, policyFault } from './policy-fault.ts';

export type Action =
  | { readonly kind: 'kill' | 'allow' | 'trap' | 'notify' }
  | { readonly kind: 'errno'; readonly errno: number };

export interface Rule {
  /** Name of the system call; its number in version 1. */
  readonly call: string | number;
  readonly action: Action;
  readonly comparisons: readonly Comparison[];
  /** Architecture section of the rule; `all` before the first section. */
  readonly section: string;
  readonly line: number;
}

export interface Policy {
  readonly file: string;
  readonly version: 1 | 2;
  /** Action for system calls without a rule. */
  readonly otherwise: Action;
  readonly rules: readonly Rule[];
}

const MNT_FORCE = 1n;
const MAX_ERRNO = 4095;
const MASKED_EQUAL = 7;
const KINDS = ['kill', 'allow', 'trap', 'notify'] as const;
const ACTIONS = 'kill, errno NUMBER, allow, trap or notify';

/** @throws TslxcError SECCOMP_POLICY with file and line */
export function parsePolicy(file: string, text: string): Policy {
  const lines = text.split('\n').map((line) => line.replace(/(^|[ \t])#.*/, '').trim());
  let at = 0;
  try {
    const version = parseVersion(lines[at]!);
    at = 1;
    const list = parseList(lines[at] ?? '', version);
    const rules: Rule[] = [];
    let section = 'all';
    for (at = 2; at < lines.length; at++) {
      const line = lines[at]!;
      if (line === '') continue;
      if (line.startsWith('[')) section = parseSection(line, version);
      else if (version === 1) rules.push({ ...rule(parseNumber(line), list.listed), section, line: at + 1 });
      else rules.push({ ...parseRule(line, list.listed), section, line: at + 1 });
    }
    return { file, version, otherwise: list.otherwise, rules };
  } catch (error) {
    if (!(error instanceof PolicyFault)) throw error;
    throw policyFault(file, at + 1, error.message, error.hint);
  }
}

function parseVersion(line: string): 1 | 2 {
  if (line === '1' || line === '2') return line === '1' ? 1 : 2;
  throw new PolicyFault(
    `"${line}" is not the version of a seccomp policy`,
    'the first line of the file is 1 or 2',
  );
}

function parseList(line: string, version: 1 | 2): { listed: Action; otherwise: Action } {
  const [kind = '', ...words] = line.split(/[ \t]+/);
  const denies = ['denylist', 'blacklist'].includes(kind);
  if (!denies && !['allowlist', 'whitelist'].includes(kind))
    throw new PolicyFault(`"${kind}" is no kind of list`, 'the second line is allowlist or denylist');
  if (denies && version === 1)
    throw new PolicyFault('a policy of version 1 is an allowlist', 'a denylist needs version 2 (first line)');
  const given = words.length > 0 && version === 2 ? parseAction(words) : undefined;
  return denies
    ? { listed: { kind: 'kill' }, otherwise: given ?? { kind: 'allow' } }
    : { listed: { kind: 'allow' }, otherwise: given ?? { kind: 'kill' } };
}

function parseSection(line: string, version: 1 | 2): string {
  const word = /^\[([A-Za-z0-9_]+)\]$/.exec(line)?.[1]?.toLowerCase();
  if (version === 2 && word !== undefined && (word === 'all' || word in ARCHITECTURES)) return word;
  throw new PolicyFault(
    version === 1 ? 'a policy of version 1 has no sections' : `"${line}" is not a known architecture`,
    `one of [all] ${Object.keys(ARCHITECTURES)
      .map((name) => `[${name}]`)
      .join(' ')}, in a policy of version 2`,
  );
}

function parseNumber(line: string): number {
  if (/^[0-9]+$/.test(line)) return Number(line);
  throw new PolicyFault(`"${line}" is not the number of a system call`, 'names need version 2 (first line)');
}

const rule = (call: string | number, action: Action, comparisons: readonly Comparison[] = []) => ({
  call,
  action,
  comparisons,
});

function parseRule(line: string, listed: Action) {
  if (line === 'reject_force_umount') {
    const forced = { index: 1, operator: MASKED_EQUAL, value: MNT_FORCE, mask: MNT_FORCE };
    return rule('umount2', { kind: 'errno', errno: errnoNumber('EACCES') }, [forced]);
  }
  const bracket = line.indexOf('[');
  const [call = '', ...action] = (bracket < 0 ? line : line.slice(0, bracket)).trim().split(/[ \t]+/);
  if (!/^[a-z_][a-z0-9_]*$/.test(call))
    throw new PolicyFault(
      `"${call}" is not a name of a system call`,
      'a rule is written NAME [ACTION] [[ARGUMENT,VALUE,OPERATOR[,MASK]] ...]',
    );
  const comparisons = bracket < 0 ? [] : parseComparisons(line.slice(bracket));
  return rule(call, action.length > 0 ? parseAction(action) : listed, comparisons);
}

function parseAction([word = '', number, ...rest]: readonly string[]): Action {
  const kind = KINDS.find((known) => known === word);
  if (kind && number === undefined) return { kind };
  if (word === 'errno' && number !== undefined && rest.length === 0) {
    const errno = /^[0-9]+$/.test(number) ? Number(number) : errnoNumber(number) || -1;
    if (errno >= 0 && errno <= MAX_ERRNO) return { kind: 'errno', errno };
  }
  throw new PolicyFault(
    `"${[word, number, ...rest].filter((part) => part !== undefined).join(' ')}" is not an action`,
    `an action is ${ACTIONS}`,
  );
}
