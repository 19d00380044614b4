/** Makes a command, `(argv, io) => exit code`, of its specification and its work. */
import { resolve } from 'node:path';
import type { ContainerShape } from '../../api/container.ts';
import { ControlFlow } from '../../errors/control-flow.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { plain } from '../../util/plain.ts';
import { parseArguments } from '../parse/arguments.ts';
import type { CalledAs } from '../parse/called-as.ts';
import type { CommandSpec, OptionTable, OptionValues } from '../parse/command-options.ts';
import { usage } from '../parse/getopt.ts';
import { helpText, programName, usageText } from '../render/help.ts';
import { pasteable } from '../render/pasteable.ts';
import { reportError } from '../render/report-error.ts';
import { explained, withPasteableHint } from './explain.ts';
import type { Interrupted } from './interrupt.ts';
import type { Io } from './io.ts';
import type { Library } from './library.ts';
import { type Log, openLog } from './log.ts';
import { plainIo } from './plain-io.ts';
import { versionAs } from './version.ts';

/** A run of a command: what was asked, and the ways to answer. */
export interface Call<Options extends OptionTable = OptionTable> {
  readonly spec: CommandSpec<Options>;
  /** Makes printed text plain, except JSON, which stays exact. */
  readonly io: Io;
  /** Prints text with colours; its foreign parts went through `plain`. */
  painted(text: string): void;
  /** Makes commands in a line such that they work where this one was called. */
  paster(): Promise<(text: string) => string>;
  /** The family of names by which the command was called. */
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
    let directory: string | undefined;
    let library: Library | undefined;
    /** Where a hint needs no -P: the directory that commands take by themselves. */
    const elsewhere = async (): Promise<string | undefined> => {
      if (directory === undefined) return undefined;
      const usual = await library?.defaultLxcpath().catch(() => undefined);
      return directory === usual ? undefined : directory;
    };
    const facts = async () => ({ spec: spec as CommandSpec, argv, container, lxcpath: await elsewhere() });
    try {
      const parsed = parseArguments(argv, spec, as);
      const values = parsed.values as Readonly<Record<string, unknown>>;
      Object.assign(flags, { quiet: values.quiet === true, json: values.json === true });
      library = given ?? (await import('./real-library.ts')).libraryFor(io.context);
      // Where several may be given, the first one is the main one.
      const asked = (Array.isArray(values.lxcpath) ? values.lxcpath[0] : values.lxcpath) as
        | string
        | undefined;
      directory = asked === undefined ? undefined : resolve(io.cwd, asked);
      const found = library;
      const lxcpath = async () => directory ?? (await found.defaultLxcpath());
      container = parsed.name;
      const callFor = (name: string | undefined): Call<Options> => {
        container = name;
        const own = openLog(program, name, values, io, lxcpath);
        log = own;
        return {
          ...flags,
          spec,
          io: flags.json ? io : plainIo(io),
          painted: (text) => io.print(text),
          paster: async () => {
            const place = await elsewhere();
            return (text) => pasteable(text, place, name);
          },
          as,
          library: found,
          values: parsed.values,
          name,
          operands: parsed.operands,
          log: own,
          lxcpath,
          container: async () => await found.container(name!, await lxcpath()),
          async complain(thrown, severity = 'error') {
            const error = withPasteableHint(thrown, await facts());
            await own.error(error, severity);
            await reportError(error, io, { program, ...flags, severity });
          },
        };
      };
      const call = callFor(parsed.name);
      switch (parsed.wants) {
        case 'version':
          io.print(`${versionAs(as)}\n`);
          return 0;
        case 'usage':
          io.print(usageText(spec, helpWidth(io)));
          return 0;
        case 'help':
          io.print(helpText(spec, helpWidth(io)));
          await extras.afterHelp?.(call);
          return 0;
        case 'question':
          io.printError(helpText(spec, helpWidth(io)));
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
      const done = async (one: Call<Options>): Promise<number> => {
        await one.log.write('DEBUG', `called with: ${argv.join(' ')}`);
        if (io.uid === 0 && 'lxcpath' in spec.options) await found.showRootfs?.(await lxcpath(), one.name);
        const status = await work(one);
        await one.log.write('DEBUG', `ended with exit status ${status}`);
        return status;
      };
      if (parsed.more.length === 0) return await done(call);
      let status = 0;
      for (const name of [parsed.name, ...parsed.more]) {
        try {
          const ended = await done(callFor(name));
          status ||= ended;
        } catch (thrown) {
          const ended = await failed(thrown);
          status ||= ended;
          if (isInterrupted(thrown)) break;
        }
      }
      return status;
    } catch (thrown) {
      return await failed(thrown);
    }

    async function failed(thrown: unknown): Promise<number> {
      if (isInterrupted(thrown)) {
        if (!flags.quiet) io.printError(`${program}: ${plain(thrown.message)}\n`);
        return thrown.exitCode;
      }
      // The command has done nothing yet, and its caller carries it out.
      if (thrown instanceof ControlFlow && thrown.kind === 'no-manager') throw thrown;
      const error = explained(thrown, await facts());
      await log?.error(error, 'error').catch(() => {});
      await reportError(error, io, { program, ...flags });
      return (error instanceof TslxcError && extras.exitCode?.(error)) || 1;
    }
  }
}

/** Columns of a help text: the terminal's, and lines that the eye finds the next one of. */
function helpWidth({ columns }: Io): number {
  return Math.max(40, Math.min(columns, 100));
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
