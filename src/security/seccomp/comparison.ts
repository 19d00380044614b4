import { PolicyFault } from './policy-fault.ts';

/** A comparison of an argument of a system call with a number. */
export interface Comparison {
  /** Index of the argument, from 0. */
  readonly index: number;
  readonly operator: number;
  readonly value: bigint;
  /** Applied to the argument before the comparison. */
  readonly mask: bigint;
}

/** Spellings of each operator, by its number in libseccomp (enum scmp_compare). */
const OPERATORS: readonly (readonly string[])[] = [
  [],
  ['!=', 'SCMP_CMP_NE'],
  ['<', 'SCMP_CMP_LT'],
  ['<=', 'SCMP_CMP_LE'],
  ['==', 'SCMP_CMP_EQ'],
  ['>=', 'SCMP_CMP_GE'],
  ['>', 'SCMP_CMP_GT'],
  ['&=', 'SCMP_CMP_MASKED_EQ'],
];
const MASKED = 7;
const ARGUMENTS = 6;
const SHAPE = '[ARGUMENT,VALUE,OPERATOR] or [ARGUMENT,VALUE,&=,MASK], the argument from 0 to 5';

/** Parses `[0,0x10,==] [1,0x9400,&=,0xff00]`. All comparisons of a rule must hold. */
export function parseComparisons(text: string): Comparison[] {
  const rest = text.replaceAll(/\[[^[\]]*\]/g, '').trim();
  const groups = [...text.matchAll(/\[([^[\]]*)\]/g)].map((match) => match[1]!);
  if (rest !== '' || groups.length === 0) throw new PolicyFault(`"${text}" cannot be understood`, SHAPE);
  if (groups.length > ARGUMENTS)
    throw new PolicyFault(`${groups.length} comparisons are too many`, `${ARGUMENTS} at most in a rule`);
  return groups.map(parseComparison);
}

function parseComparison(group: string): Comparison {
  const [index = '', value = '', operator = '', mask, ...extra] = group.split(',').map((part) => part.trim());
  const bad = (what: string) => new PolicyFault(`"[${group}]": ${what}`, SHAPE);
  const number = OPERATORS.findIndex((words) => words.includes(operator));
  if (!/^[0-5]$/.test(index)) throw bad(`"${index}" is not the number of an argument`);
  if (number < 0) throw bad(`"${operator}" is not an operator`);
  if (extra.length > 0) throw bad('there is one part too many');
  if (number === MASKED && mask === undefined) throw bad('&= needs a mask');
  const values = [value, mask ?? '0'].map((part) => {
    const parsed = parseValue(part);
    if (parsed === undefined) throw bad(`"${part}" is not a number`);
    return parsed;
  });
  return { index: Number(index), operator: number, value: values[0]!, mask: values[1]! };
}

/** 64 bits without a sign: decimal, 0x…, or octal with a leading 0. */
function parseValue(text: string): bigint | undefined {
  const octal = /^0([0-7]+)$/.exec(text);
  if (!octal && !/^(0|[1-9][0-9]*|0[xX][0-9a-fA-F]+)$/.test(text)) return undefined;
  const value = BigInt(octal ? `0o${octal[1]}` : text);
  return value < 1n << 64n ? value : undefined;
}
