/**
 * The zygote's work before it forks: it loads all commands and carries some of them out without a
 * caller. V8 compiles a function at its first call, and a child inherits compiled code.
 */
import type { RequestContext } from '../../util/request-context.ts';
import { COMMANDS, type CommandName, loadCommand } from '../run/command-table.ts';
import { dispatch } from '../run/dispatch.ts';
import { type Io, processIo } from '../run/io.ts';

/** A place where no container is, so that nothing is looked at, asked for or made. */
const NOWHERE = '/nonexistent/tslxc';

const REHEARSED = [
  ['info', '-P', NOWHERE, '-n', 'x', '-s'],
  ['ls', '-P', NOWHERE, '-f'],
  ['start', '-P', NOWHERE, '-n', 'x', '--dry-run'],
  ['config', 'lxc.lxcpath'],
  ['copy', '--help'],
  ['create', '--help'],
  ['destroy', '-P', NOWHERE, '-n', 'x'],
];

export async function rehearse(): Promise<void> {
  for (const name of Object.keys(COMMANDS)) await loadCommand(name as CommandName);
  const { context } = processIo();
  for (const argv of REHEARSED) await dispatch(argv, silent(context));
}

const silent = (context: RequestContext): Io => ({
  context,
  get stdin(): never {
    throw new Error('a rehearsal reads nothing');
  },
  get stdout(): never {
    throw new Error('a rehearsal writes nothing');
  },
  get stderr(): never {
    throw new Error('a rehearsal writes nothing');
  },
  stdinIsTTY: false,
  stdoutIsTTY: false,
  stderrIsTTY: false,
  columns: 80,
  cwd: '/',
  env: {},
  uid: 0,
  print() {},
  printError() {},
  onInterrupt: () => () => {},
});
