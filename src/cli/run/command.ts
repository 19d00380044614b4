/** Makes a command, `(argv, io) => exit code`, of its specification and its work. */
import { resolve } from 'node:path';
import type { ContainerShape } from '../../api/container.ts';
import { ControlFlow } from '../../errors/control-flow.ts';
import type { ErrorCode } from '../../errors/error-table.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { plain } from '../../util/plain.ts';
import { parseArguments } from '../parse/arguments.ts';
import type { CalledAs } from '../parse/called-as.ts';
import type { CommandSpec, OptionTable, OptionValues } from '../parse/command-options.ts';
import { usage } from '../parse/getopt.ts';
import { helpText, programName, usageText } from '../render/help.ts';
import { reportError } from '../render/report-error.ts';
import type { Interrupted } from './interrupt.ts';
import type { Io } from './io.ts';
import type { Library } from './library.ts';
import { type Log, openLog } from './log.ts';
import { plainIo } from './plain-io.ts';
import { versionAs } from './version.ts';

/** One run of a command: what was asked, and the ways to answer. */
export interface Call<Options extends OptionTable = OptionTable> {
  readonly spec: CommandSpec<Options>;
  /** What is printed through it is made plain, except JSON, which stays exact. */
  readonly io: Io;
  /** Prints text with colours of our own, whose foreign parts went through `plain`. */
  painted(text: string): void;
  /** By which family of names. */
  readonly as: CalledAs;
  readonly library: Library;
  readonly values: OptionValues<Options>;
  /** As given; undefined only where the command does not need one. */
  readonly name: string | undefined;
  readonly operands: readonly string[];
  readonly quiet: boolean;
  readonly json: boolean;
  readonly log: Log;
  lxcpath(): Promise<string>;
  container(): Promise<ContainerShape>;
  /** An error line that does not end the command, or a warning. */
  complain(thrown: unknown, severity?: 'error' | 'warning'): Promise<void>;
}

export interface Command {
  readonly spec: CommandSpec;
  /** @param as under which family of names; `tslxc` unless said */
  run(argv: readonly string[], io: Io, library?: Library, as?: CalledAs): Promise<number>;
}

export interface CommandExtras<Options extends OptionTable> {
  /** Works for ordinary users too (asks nothing of the host that only root may). */
  readonly anyUser?: boolean;
  /** Follows the text of `--help`. */
  afterHelp?(call: Call<Options>): Promise<void>;
  /** The exit code for an error, 1 where it has no opinion. */
  exitCode?(error: TslxcError): number | undefined;
}

export function command<const Options extends OptionTable>(
  spec: CommandSpec<Options>,
  work: (call: Call<Options>) => Promise<number> | number,
  extras: CommandExtras<Options> = {},
): Command {
  return { spec: spec as CommandSpec, run };

  async function run(
    argv: readonly string[],
    io: Io,
    given?: Library,
    as: CalledAs = 'tslxc',
  ): Promise<number> {
    const program = spec.word ? programName(spec) : `${as}-${spec.name}`;
    // Where the line cannot be parsed, these two still decide how that is said.
    const flags = { quiet: false, json: argv.includes('--json') && 'json' in spec.options };
    let log: Log | undefined;
    let container: string | undefined;
    try {
      const parsed = parseArguments(argv, spec, as);
      const values = parsed.values as Readonly<Record<string, unknown>>;
      Object.assign(flags, { quiet: values.quiet === true, json: values.json === true });
      const library = given ?? (await import('./real-library.ts')).libraryFor(io.context);
      // Where several may be given, the first one is the main one.
      const directory = Array.isArray(values.lxcpath) ? values.lxcpath[0] : values.lxcpath;
      const lxcpath = async () =>
        directory === undefined ? await library.defaultLxcpath() : resolve(io.cwd, directory as string);
      container = parsed.name;
      log = openLog(program, parsed.name, values, io, lxcpath);
      const call: Call<Options> = {
        ...flags,
        spec,
        io: flags.json ? io : plainIo(io),
        painted: (text) => io.print(text),
        as,
        library,
        values: parsed.values,
        name: parsed.name,
        operands: parsed.operands,
        log,
        lxcpath,
        container: async () => await library.container(parsed.name!, await lxcpath()),
        async complain(thrown, severity = 'error') {
          await log!.error(thrown, severity);
          await reportError(thrown, io, { program, ...flags, severity });
        },
      };
      switch (parsed.wants) {
        case 'version':
          io.print(`${versionAs(as)}\n`);
          return 0;
        case 'usage':
          io.print(usageText(spec));
          return 0;
        case 'help':
          io.print(helpText(spec));
          await extras.afterHelp?.(call);
          return 0;
        case 'question':
          io.printError(helpText(spec));
          return 1;
      }
      if (spec.container === 'required' && !parsed.name)
        throw new TslxcError({
          code: 'USAGE',
          message: 'no container name given',
          hint: 'name one with -n NAME',
        });
      if (!extras.anyUser && io.uid !== 0) throw notRoot();
      for (const word of parsed.spare)
        await call.complain(usage(`argument '${word}' is passed over`), 'warning');
      await log.write('DEBUG', `called with: ${argv.join(' ')}`);
      if (io.uid === 0 && 'lxcpath' in spec.options) await library.showRootfs?.(await lxcpath(), parsed.name);
      const status = await work(call);
      await log.write('DEBUG', `ended with exit status ${status}`);
      return status;
    } catch (thrown) {
      if (isInterrupted(thrown)) {
        if (!flags.quiet) io.printError(`${program}: ${plain(thrown.message)}\n`);
        return thrown.exitCode;
      }
      // The command has done nothing yet, and its caller carries it out.
      if (thrown instanceof ControlFlow && thrown.kind === 'no-manager') throw thrown;
      const error = addressed(thrown, spec as CommandSpec, argv, container);
      await log?.error(error, 'error').catch(() => {});
      await reportError(error, io, { program, ...flags });
      return (error instanceof TslxcError && extras.exitCode?.(error)) || 1;
    }
  }
}

/** Errors of the command line are about no container. */
const ABOUT_THE_CALL = new Set<ErrorCode>(['USAGE', 'NAME_INVALID', 'NOT_PERMITTED', 'NOT_SUPPORTED']);

/**
 * The error with what the command knows: its container, and for a command line that is not
 * understood, where the options are explained or which mistake is the likely one.
 */
function addressed(
  thrown: unknown,
  spec: CommandSpec,
  argv: readonly string[],
  container: string | undefined,
): unknown {
  if (!(thrown instanceof TslxcError)) return thrown;
  if (!ABOUT_THE_CALL.has(thrown.code))
    return spec.container === 'required' ? thrown.with({ container }) : thrown;
  if (thrown.code !== 'USAGE') return thrown;
  const program = programName(spec);
  const tail = spec.operands.find((operand) => operand.many);
  if (tail && !argv.includes('--'))
    return thrown.with({
      hint: `put -- before a ${tail.name} that has options of its own; see '${program} --help'`,
    });
  return thrown.with({ hint: `see '${program} --help'` });
}

/** Compares the kind: only commands that can be interrupted load interrupt.ts. */
function isInterrupted(thrown: unknown): thrown is Interrupted {
  return thrown instanceof ControlFlow && thrown.kind === 'interrupted';
}

function notRoot(): TslxcError {
  return new TslxcError({
    code: 'NOT_PERMITTED',
    message: 'only root can work with containers in this version',
    hint: 'run it with sudo',
  });
}
