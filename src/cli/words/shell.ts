import { defineSpec } from '../parse/command-options.ts';
import { command } from '../run/command.ts';
import { execFailure } from '../run/exec-failure.ts';
import { exitCodeOf } from '../run/exit-status.ts';
import { cleanAttach, INSIDE_OPTIONS } from './inside.ts';

const spec = defineSpec({
  name: 'shell',
  word: true,
  summary: 'a login shell in a running container, in a clean environment',
  synopsis: ['[OPTIONS] NAME'],
  description: [
    "Runs the login shell of the user inside the container. Of the caller's environment the shell sees only TERM and COLORTERM.",
  ],
  options: INSIDE_OPTIONS,
  container: 'required',
  operands: [],
  exitCodes: [
    ['N', 'the exit code of the shell'],
    ['1', 'the container is not running, or another error'],
  ],
  examples: [{ command: 'tslxc shell web', meaning: "root's login shell" }],
  seeAlso: ['attach', 'console'],
});

export default command(
  spec,
  async ({ values, io, container }) => exitCodeOf(await (await container()).attach(cleanAttach(io, values))),
  { exitCode: execFailure },
);
