/**
 * Finds the command that is meant: the launcher gives `tslxc-start x` as `start x`, like `tslxc
 * start x`, and leaves `lxc-start x` as it is.
 */
import { TslxcError } from '../../errors/tslxc-error.ts';
import { type CalledAs, calledBy } from '../parse/called-as.ts';
import type { OptionTable } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION } from '../parse/common-options.ts';
import { usage } from '../parse/getopt.ts';
import { nearestAll } from '../parse/nearest.ts';
import { reportError } from '../render/report-error.ts';
import { WORDS, wordOf } from '../words/words.ts';
import { GROUPS, NOT_IMPLEMENTED } from './command-groups.ts';
import { COMMANDS, type CommandName, isCommandName, loadCommand } from './command-table.ts';
import type { Io } from './io.ts';
import type { Library } from './library.ts';
import { version, versionAs } from './version.ts';

const PROGRAM = 'tslxc';

export async function dispatch(argv: readonly string[], io: Io, library?: Library): Promise<number> {
  const [called = '--help', ...rest] = optionsBehind(argv);
  const { name: word, as } = calledBy(called);
  if (isCommandName(word)) return (await loadCommand(word)).run(rest, io, library, as);
  const own = as === 'tslxc' ? wordOf(word) : undefined;
  if (own && 'alias' in own) return await dispatch([...own.alias, ...rest], io, library);
  if (own) return await (await own.load()).default.run(rest, io, library, as);
  if (Object.hasOwn(NOT_IMPLEMENTED, word)) return await notImplemented(word, rest, io, as);
  switch (word) {
    case 'help':
      return rest[0] === undefined ? overview(io) : dispatch([rest[0], '--help'], io, library);
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

/** Options before the word, as `tslxc -P DIR ls`, belong to the command. */
function optionsBehind(argv: readonly string[]): readonly string[] {
  const { options, at } = leadingOptions(argv);
  const word = argv[at];
  return options.length === 0 || word === undefined ? argv : [word, ...options, ...argv.slice(at + 1)];
}

/** The options of every command that stand in front. Another one is told of as it always was. */
function leadingOptions(argv: readonly string[]): { options: string[]; at: number } {
  const table: OptionTable = { ...CONTAINER_OPTIONS, ...JSON_OPTION };
  const none = { options: [], at: 0 };
  let at = 0;
  for (; argv[at]?.startsWith('-'); at++) {
    const word = argv[at]!;
    const [, long, value] = /^--([^=]+)(=.*)?$/s.exec(word) ?? [];
    const found = Object.entries(table).find(([name, { short }]) =>
      long === undefined ? short !== undefined && word[1] === short : name === long,
    );
    if (!found) return none;
    const glued = long === undefined ? word.length > 2 : value !== undefined;
    if (found[1].kind === 'required' && !glued) at++;
  }
  return { options: argv.slice(0, at), at };
}

/** Words of other tools, and what does the same here. */
const SYNONYMS: Readonly<Record<string, string>> = {
  rename: 'tslxc copy NAME -R -N NEWNAME',
  mv: 'tslxc copy NAME -R -N NEWNAME',
  move: 'tslxc copy NAME -R -N NEWNAME',
  clone: 'tslxc copy NAME -s -N NEWNAME',
  cp: 'tslxc copy NAME -N NEWNAME',
  stats: 'tslxc top',
  run: 'tslxc launch IMAGE NAME',
  new: 'tslxc launch IMAGE NAME',
  init: 'tslxc create -t TEMPLATE NAME',
  delete: 'tslxc destroy NAME',
  remove: 'tslxc destroy NAME',
  kill: 'tslxc stop -k NAME',
  poweroff: 'tslxc stop NAME',
  terminate: 'tslxc stop -k NAME',
  restart: 'tslxc stop -r NAME',
  reboot: 'tslxc stop -r NAME',
  pause: 'tslxc freeze NAME',
  unpause: 'tslxc unfreeze NAME',
  resume: 'tslxc unfreeze NAME',
  ps: 'tslxc ls',
  status: 'tslxc info NAME',
  show: 'tslxc info NAME',
  inspect: 'tslxc info --json NAME',
  login: 'tslxc console NAME',
  enter: 'tslxc attach NAME',
  bash: 'tslxc attach NAME',
  snapshots: 'tslxc snapshot -L NAME',
  restore: 'tslxc snapshot -r SNAPSHOT NAME',
  log: 'tslxc logs NAME',
  events: 'tslxc monitor',
  check: 'tslxc config check NAME',
  version: 'tslxc --version',
};

function unknown(word: string) {
  const same = Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined;
  if (same !== undefined) return usage(`unknown command '${word}'`, `here it is: ${same}`);
  if (word === '-V') return usage(`unknown option '${word}'`, `did you mean ${PROGRAM} --version?`);
  if (word.startsWith('-')) return usage(`unknown option '${word}'`, `see '${PROGRAM} --help'`);
  const close = nearestAll(word, [...Object.keys(COMMANDS), ...Object.keys(WORDS)]);
  const hint =
    close.length > 0
      ? `did you mean ${close.slice(0, 3).join(' or ')}?`
      : `'${PROGRAM} --help' lists the commands`;
  return usage(`unknown command '${word}'`, hint);
}

/** A command of LXC's that is not there yet: to ask about it is no mistake, to use it is. */
async function notImplemented(word: string, rest: readonly string[], io: Io, as: CalledAs): Promise<number> {
  const { summary, instead } = NOT_IMPLEMENTED[word]!;
  const program = `${as}-${word}`;
  if (rest.includes('--version')) io.print(`${versionAs(as)}\n`);
  else if (rest.some((one) => ['-h', '--help', '--usage'].includes(one)))
    io.print(`${program}: ${summary}\n\nIt comes in a later version. Until then: ${instead}.\n`);
  else {
    const message = 'this command comes in a later version';
    await reportError(new TslxcError({ code: 'NOT_SUPPORTED', message, hint: instead }), io, { program });
    return 1;
  }
  return 0;
}

async function overview(io: Io): Promise<number> {
  const entry = (name: string, summary: string) => `  ${name.padEnd(16)}${summary}`;
  const grouped = new Set(GROUPS.flatMap(([, names]) => names));
  const others = (Object.keys(COMMANDS) as CommandName[]).filter((name) => !grouped.has(name));
  const groups = await Promise.all(
    [...GROUPS, ['Others', others] as const]
      .filter(([, names]) => names.length > 0)
      .map(async ([title, names]) => [
        `${title}:`,
        ...(await Promise.all(
          names.map(async (name) => entry(name, (await loadCommand(name)).spec.summary)),
        )),
        '',
      ]),
  );
  io.print(
    [
      'Usage: tslxc COMMAND [ARGUMENTS]',
      '       tslxc-COMMAND [ARGUMENTS]',
      '',
      'System containers: whole Linux machines that share the kernel of the host.',
      '',
      ...groups.flat(),
      'Words of tslxc alone:',
      ...Object.entries(WORDS).map(([name, { summary }]) => entry(name, summary)),
      '',
      'In a later version:',
      ...Object.entries(NOT_IMPLEMENTED).map(([name, { summary }]) => entry(name, summary)),
      '',
      'A first container, as root:',
      '  tslxc-create -n web -t busybox',
      '  tslxc-start -n web',
      '  tslxc-attach -n web',
      '',
      "See 'tslxc help COMMAND' or 'man tslxc-COMMAND'; 'tslxc-checkconfig' tells what this host lacks.",
      '',
    ].join('\n'),
  );
  return 0;
}
