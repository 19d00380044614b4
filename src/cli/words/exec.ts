import { defineSpec } from '../parse/command-options.ts';
import { usage } from '../parse/getopt.ts';
import { command } from '../run/command.ts';
import { execFailure } from '../run/exec-failure.ts';
import { exitCodeOf } from '../run/exit-status.ts';
import { cleanAttach, INSIDE_OPTIONS } from './inside.ts';

const spec = defineSpec({
  name: 'exec',
  word: true,
  summary: 'run a program in a running container, in a clean environment',
  synopsis: ['[OPTIONS] NAME [--] COMMAND [ARGUMENT...]'],
  description: [
    "Runs COMMAND inside the container. Of the caller's environment it sees only TERM and COLORTERM; PATH, HOME and the variables of the container's config are set. tslxc-attach keeps the caller's environment, as LXC does.",
  ],
  options: {
    cwd: { kind: 'required', argument: 'DIRECTORY', summary: 'working directory inside', default: '/' },
    ...INSIDE_OPTIONS,
  },
  container: 'required',
  operands: [{ name: 'COMMAND', summary: 'the program with its arguments', many: true, required: true }],
  exitCodes: [
    ['N', 'the exit code of the program, 128 and the number of the signal that killed it'],
    ['126', 'the program cannot be run'],
    ['127', 'the program is not there'],
    ['1', 'the container is not running, or another error'],
  ],
  examples: [{ command: 'tslxc exec web -- apt-get update', meaning: 'one program' }],
  seeAlso: ['attach'],
});

export default command(
  spec,
  async ({ values, operands, io, container }) => {
    const { cwd = '/' } = values;
    if (!cwd.startsWith('/')) throw usage(`'${cwd}' is not an absolute path`);
    const options = { ...cleanAttach(io, values), command: operands, cwd };
    return exitCodeOf(await (await container()).attach(options));
  },
  { exitCode: execFailure },
);
