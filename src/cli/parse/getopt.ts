/**
 * GNU getopt_long's reading of a command line: clusters, glued and separate arguments, long
 * prefixes, options after operands, `--`. yargs-parser has none of these exactly, so it is handed
 * the regular form made here.
 */
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { OptionTable } from './command-options.ts';
import { nearest } from './nearest.ts';

/** An option as met: its long name, and its argument where one was given. */
export interface ScannedOption {
  readonly name: string;
  readonly value: string | undefined;
}

export interface ScannedArguments {
  readonly options: readonly ScannedOption[];
  /** All that is not an option, in order; what follows `--` included. */
  readonly operands: readonly string[];
  /** `-?` was met: the help, as a failure. */
  readonly question: boolean;
}

export function scanArguments(argv: readonly string[], table: OptionTable): ScannedArguments {
  const options: ScannedOption[] = [];
  const operands: string[] = [];
  const shorts = new Map(
    Object.entries(table).flatMap(([name, spec]) => (spec.short ? [[spec.short, name]] : [])),
  );
  let question = false;

  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    const follow = (shown: string): string => {
      const next = argv[++at];
      if (next === undefined) throw usage(`option '${shown}' needs an argument`);
      return next;
    };

    if (word === '--') {
      operands.push(...argv.slice(at + 1));
      break;
    }
    if (word.startsWith('--')) {
      const [, typed, value] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(word)!;
      const name = longName(typed!, table);
      const { kind } = table[name]!;
      if (kind === 'none' && value !== undefined) throw usage(`option '--${name}' takes no argument`);
      options.push({ name, value: kind === 'required' ? (value ?? follow(`--${name}`)) : value });
    } else if (word.startsWith('-') && word.length > 1) {
      const letters = [...word].slice(1);
      while (letters.length > 0) {
        const letter = letters.shift()!;
        const name = shorts.get(letter);
        if (letter === '?') question = true;
        else if (name === undefined) throw unknownShort(letter, word);
        else if (table[name]!.kind === 'none') options.push({ name, value: undefined });
        else {
          const glued = letters.splice(0).join('') || undefined;
          const value = table[name]!.kind === 'required' ? (glued ?? follow(`-${letter}`)) : glued;
          options.push({ name, value });
        }
      }
    } else operands.push(word);
  }
  return { options, operands, question };
}

/** An exact name, or the only one that it begins. */
function longName(typed: string, table: OptionTable): string {
  if (Object.hasOwn(table, typed)) return typed;
  const candidates = Object.keys(table).filter((name) => name.startsWith(typed));
  if (candidates.length === 1 && typed !== '') return candidates[0]!;
  if (candidates.length > 1)
    throw usage(`option '--${typed}' is ambiguous: ${candidates.map((name) => `--${name}`).join(', ')}`);
  const close = nearest(typed, Object.keys(table));
  throw usage(`unknown option '--${typed}'`, close && `did you mean --${close}?`);
}

function unknownShort(letter: string, word: string): TslxcError {
  const where = word.length > 2 ? ` in '${word}'` : '';
  return usage(`unknown option '-${letter}'${where}`);
}

/** The parser's own errors; the caller adds where to read more when there is no better hint. */
export function usage(message: string, hint?: string): TslxcError {
  return new TslxcError({ code: 'USAGE', message, hint });
}
