/**
 * What a command adds to an error before it is reported: its container, and a hint that can be
 * pasted.
 */
import type { ErrorCode } from '../../errors/error-table.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { CommandSpec } from '../parse/command-options.ts';
import { programName } from '../render/help.ts';
import { pasteable, shellWord } from '../render/pasteable.ts';

export interface CallFacts {
  readonly spec: CommandSpec;
  readonly argv: readonly string[];
  readonly container: string | undefined;
  /** Where `-P` names another directory than the host's own. */
  readonly lxcpath: string | undefined;
}

/** Errors of the command line are about no container. */
const ABOUT_THE_CALL = new Set<ErrorCode>(['USAGE', 'NAME_INVALID', 'NOT_PERMITTED', 'NOT_SUPPORTED']);

/** An error that ends the command. */
export function explained(thrown: unknown, facts: CallFacts): unknown {
  return withPasteableHint(addressed(thrown, facts), facts);
}

/** A warning, or an error among others. */
export function withPasteableHint(error: unknown, facts: CallFacts): unknown {
  if (!(error instanceof TslxcError) || error.hint === undefined) return error;
  const hint = pasteable(error.hint, facts.lxcpath, error.container ?? facts.container);
  if (hint === error.hint) return error;
  return new TslxcError({ ...error.toJSON(), hint, also: error.also, cause: error.cause });
}

/**
 * The error with what the command knows: its container, and for a command line that is not
 * understood, where the options are explained or which mistake is the likely one.
 */
function addressed(thrown: unknown, { spec, argv, container }: CallFacts): unknown {
  if (!(thrown instanceof TslxcError)) return thrown;
  if (!ABOUT_THE_CALL.has(thrown.code)) {
    const named = spec.container === 'required' ? thrown.with({ container }) : thrown;
    return named.with({ hint: usualHint(named, spec) });
  }
  if (thrown.code !== 'USAGE') return thrown;
  const program = programName(spec);
  const tail = spec.operands.find((operand) => operand.many);
  const parted = tail && !argv.includes('--') ? withDashes(argv, spec) : undefined;
  if (parted === undefined) return thrown.with({ hint: `see '${program} --help'` });
  // The options of the program were taken for those of the command: the likeliest mistake.
  const hint = `put -- before a ${tail!.name} that has options of its own: ${[program, ...parted].map(shellWord).join(' ')}`;
  return new TslxcError({ ...thrown.toJSON(), hint, cause: thrown.cause });
}

function usualHint({ code, container }: TslxcError, spec: CommandSpec): string | undefined {
  if (code !== 'NOT_RUNNING' || container === undefined || spec.name === 'stop') return undefined;
  return `start it first: tslxc-start -n ${container}`;
}

/**
 * The words with `--` before the program to run; undefined where there is none with options of its
 * own.
 */
function withDashes(argv: readonly string[], spec: CommandSpec): string[] | undefined {
  const takesArgument = (word: string) =>
    Object.entries(spec.options).some(
      ([name, { short, kind }]) => kind === 'required' && (word === `-${short}` || word === `--${name}`),
    );
  const named = argv.some((word) => /^(-n|--name(=|$))/.test(word));
  let operands = 0;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (takesArgument(word)) at++;
    else if (!word.startsWith('-') && ++operands === (named ? 1 : 2))
      return argv.slice(at + 1).some((other) => other.startsWith('-'))
        ? [...argv.slice(0, at), '--', ...argv.slice(at)]
        : undefined;
  }
  return undefined;
}
