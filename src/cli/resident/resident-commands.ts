/** Which commands the resident process does, and which calls of them; bin/tslxc asks it about no others. */
import { parseArguments } from '../parse/arguments.ts';
import { calledBy } from '../parse/called-as.ts';
import { type CommandName, isCommandName, loadCommand } from '../run/command-table.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * A file that the command line names may be a descriptor of the caller's (`/dev/fd/63`), or a pipe that is waited for:
 * only the caller itself can read these.
 */
const any = (values: Values) => values.rcfile === undefined;

/**
 * Those that are done in moments or wait for the manager's answer; none that needs the caller's terminal or its place
 * among the host's processes, and none that may outlast the manager, which waits for this process when it leaves.
 */
export const RESIDENT_COMMANDS: Readonly<Record<string, (values: Values) => boolean>> = {
  autostart: any,
  cgroup: any,
  config: any,
  freeze: any,
  info: any,
  ls: any,
  // What a start would do is looked at from where the caller is.
  start: (values) => any(values) && !values.foreground && !values['dry-run'],
  stop: any,
  unfreeze: any,
};

export async function isResidentCommand(argv: readonly string[]): Promise<boolean> {
  const [called = '', ...rest] = argv;
  const { name: word, as } = calledBy(called);
  const takes = Object.hasOwn(RESIDENT_COMMANDS, word) ? RESIDENT_COMMANDS[word] : undefined;
  if (!takes || !isCommandName(word)) return false;
  const { spec } = await loadCommand(word);
  try {
    return takes(parseArguments(rest, spec, as).values as Values);
  } catch {
    // A mistake of the user's: told from here as well as from anywhere.
    return true;
  }
}

/** Loads what the commands will need, so that none is the first to wait for it. */
export async function loadResidentCommands(): Promise<void> {
  for (const name of Object.keys(RESIDENT_COMMANDS))
    if (isCommandName(name)) await loadCommand(name as CommandName);
}
