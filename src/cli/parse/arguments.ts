/**
 * From a command line and a specification to typed values; the only file that knows yargs-parser.
 */
import parser from 'yargs-parser';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { CalledAs } from './called-as.ts';
import type { CommandSpec, OptionSpec, OptionTable, OptionValues } from './command-options.ts';
import { HELP_OPTIONS } from './common-options.ts';
import { scanArguments, usage } from './getopt.ts';

export interface ParsedArguments<Options extends OptionTable> {
  readonly values: OptionValues<Options>;
  /** From `-n`, else the first operand, where the command is about a container. */
  readonly name: string | undefined;
  /** Further containers, of a command that takes several. */
  readonly more: readonly string[];
  /** Operands that are left. */
  readonly operands: readonly string[];
  /** Operands that the command has no use for; LXC's commands pass over them. */
  readonly spare: readonly string[];
  /** What was asked for instead of the command's work. `question` is `-?`: help, but a failure. */
  readonly wants: 'work' | 'help' | 'usage' | 'version' | 'question';
}

export function parseArguments<Options extends OptionTable>(
  argv: readonly string[],
  spec: CommandSpec<Options>,
  as: CalledAs = 'tslxc',
): ParsedArguments<Options> {
  const table: OptionTable = { ...spec.options, ...HELP_OPTIONS };
  const scanned = scanArguments(argv, table);
  // yargs-parser takes one pair of quotes off a value; these are for it, and the user's own stay.
  const regular = scanned.options.map(({ name, value }) =>
    table[name]!.kind === 'none' ? `--${name}` : `--${name}="${value ?? ''}"`,
  );
  const given = new Set(scanned.options.map(({ name }) => name));
  const values = parser(regular, parserOptions(table, given)) as unknown as Record<string, unknown>;
  for (const [name, option] of Object.entries(table))
    values[name] = option.kind === 'none' ? given.has(name) : typed(name, option, values[name]);

  const operands = [...scanned.operands];
  const name =
    spec.container === 'none' ? undefined : ((values.name as string | undefined) ?? operands.splice(0, 1)[0]);
  const wants = scanned.question
    ? 'question'
    : (['help', 'usage', 'version'] as const).find((option) => given.has(option));
  if (!wants) {
    checkTogether(given, spec.options);
    checkOperands(operands, spec);
  }
  const left = wants ? [] : takeSpare(operands, spec);
  const [more, spare] = spec.several && as !== 'lxc' ? [left, []] : [[], left];
  if (as !== 'lxc' && spare[0] !== undefined)
    throw usage(`unexpected argument '${spare[0]}'`, spareHint(spare[0], name, spec));
  return { values: values as OptionValues<Options>, name, more, operands, spare, wants: wants ?? 'work' };
}

/**
 * Everything off that yargs-parser does beyond collecting and typing: no guessing, no second
 * spelling. It is told of the options that are there only; all of a table costs it a millisecond.
 */
function parserOptions(table: OptionTable, given: ReadonlySet<string>): parser.Options {
  const named = (test: (option: OptionSpec) => boolean) => [...given].filter((name) => test(table[name]!));
  return {
    boolean: named((option) => option.kind === 'none'),
    string: named((option) => option.kind !== 'none'),
    array: named((option) => option.repeatable === true),
    configuration: {
      'boolean-negation': false,
      'camel-case-expansion': false,
      'combine-arrays': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'short-option-groups': false,
    },
  };
}

function typed(name: string, option: OptionSpec, value: unknown): unknown {
  if (option.repeatable) return value ?? [];
  const text = Array.isArray(value) ? value.at(-1) : value;
  if (!option.integer || text === undefined) return text;
  if (!/^[+-]?\d{1,15}$/.test(text)) throw usage(`option '--${name}' needs a whole number, not '${text}'`);
  return Number(text);
}

function checkTogether(given: ReadonlySet<string>, options: OptionTable): void {
  for (const name of given) {
    const option = options[name];
    if (option?.unsupported !== undefined)
      throw new TslxcError({
        code: 'NOT_SUPPORTED',
        message: `option '--${name}' is not supported`,
        hint: option.unsupported,
      });
    const clash = option?.conflicts?.find((other) => given.has(other));
    if (clash) throw usage(`'${shown(name, options)}' can't be used with '${shown(clash, options)}'`);
    if (option?.requires && !option.requires.some((other) => given.has(other)))
      throw usage(
        `'${shown(name, options)}' needs ${option.requires.map((other) => `'${shown(other, options)}'`).join(' or ')}`,
      );
  }
}

function shown(name: string, options: OptionTable): string {
  const { short } = options[name]!;
  return short ? `-${short}` : `--${name}`;
}

function checkOperands(operands: readonly string[], spec: CommandSpec): void {
  const required = spec.operands.filter((operand) => operand.required);
  const missing = required[operands.length];
  if (missing) throw usage(`${missing.name} is missing`);
}

/** What was likely meant by one argument too many. */
function spareHint(word: string, name: string | undefined, spec: CommandSpec): string | undefined {
  if ('lines' in spec.options && name !== undefined && /^\d+$/.test(name))
    return `-n is the name; the last lines are --lines ${name}: tslxc-${spec.name} ${word} --lines ${name}`;
  if (spec.name === 'export') return `the file is named with -o: tslxc-export -o ${word} ${name ?? 'NAME'}`;
  if (spec.container === 'required' && spec.operands.length === 0 && name !== undefined)
    return `one container at a time: tslxc-${spec.name} ${name}; tslxc-${spec.name} ${word}`;
  return undefined;
}

/**
 * Removes the operands behind the last that the command knows. Empty ones are what unset shell
 * variables leave.
 */
function takeSpare(operands: string[], spec: CommandSpec): string[] {
  if (spec.operands.some((operand) => operand.many)) return [];
  return operands.splice(spec.operands.length).filter((operand) => operand !== '');
}
