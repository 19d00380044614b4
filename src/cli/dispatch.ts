/** Finds the command that is meant: the launcher gives `tslxc-start x` as `start x`, like `tslxc start x`. */
import { COMMANDS, isCommandName, loadCommand } from './command-table.ts';
import { usage } from './getopt.ts';
import type { Io } from './io.ts';
import { nearestAll } from './nearest.ts';
import { reportError } from './report-error.ts';
import type { Services } from './services.ts';
import { version } from './version.ts';

const PROGRAM = 'tslxc';

export async function dispatch(argv: readonly string[], io: Io, services?: Services): Promise<number> {
  const [word = '--help', ...rest] = argv;
  if (isCommandName(word)) return (await loadCommand(word)).run(rest, io, services);
  switch (word) {
    case 'help':
      return rest[0] === undefined ? overview(io) : dispatch([rest[0], '--help'], io, services);
    case '-h':
    case '--help':
      return overview(io);
    case '--version':
      io.print(`${version()}\n`);
      return 0;
  }
  await reportError(unknown(word), io, { program: PROGRAM });
  return 1;
}

function unknown(word: string) {
  if (word.startsWith('-')) return usage(`unknown option '${word}'`, `see '${PROGRAM} --help'`);
  const close = nearestAll(word, Object.keys(COMMANDS));
  const hint =
    close.length > 0
      ? `did you mean ${close.slice(0, 3).join(' or ')}?`
      : `'${PROGRAM} --help' lists the commands`;
  return usage(`unknown command '${word}'`, hint);
}

async function overview(io: Io): Promise<number> {
  const specs = await Promise.all(
    Object.keys(COMMANDS).map(async (name) => (await loadCommand(name as keyof typeof COMMANDS)).spec),
  );
  const lines = specs.map(({ name, summary }) => `  ${name.padEnd(16)}${summary}`);
  io.print(
    [
      'Usage: tslxc COMMAND [ARGUMENTS]',
      '       tslxc-COMMAND [ARGUMENTS]',
      '',
      'System containers: whole Linux machines that share the kernel of the host.',
      '',
      'Commands:',
      ...lines,
      '',
      "See 'tslxc help COMMAND' or 'man tslxc-COMMAND'.",
      '',
    ].join('\n'),
  );
  return 0;
}
