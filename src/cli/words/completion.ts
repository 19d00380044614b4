import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../config/include-path.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { defineSpec } from '../parse/command-options.ts';
import { usage } from '../parse/getopt.ts';
import { command } from '../run/command.ts';

/** File in the package, and where Debian's package installs it. */
const FILES: Readonly<Record<string, readonly [own: string, installed: string]>> = {
  bash: ['tslxc.bash', '/usr/share/bash-completion/completions/tslxc'],
  fish: ['tslxc.fish', '/usr/share/fish/vendor_completions.d/tslxc.fish'],
  zsh: ['_tslxc', '/usr/share/zsh/vendor-completions/_tslxc'],
};
const SHELLS = Object.keys(FILES);

const spec = defineSpec({
  name: 'completion',
  word: true,
  summary: 'print the completions for a shell',
  synopsis: ['bash|fish|zsh'],
  description: [
    "Prints what makes the Tab key of a shell complete commands, options, containers, snapshots and keys. Debian's package installs it for all users; elsewhere a shell reads it at its start.",
  ],
  options: {},
  container: 'none',
  operands: [{ name: 'SHELL', summary: 'bash, fish or zsh', required: true, complete: { words: SHELLS } }],
  exitCodes: [
    ['0', 'done'],
    ['1', 'there are no completions for that shell'],
  ],
  examples: [
    { command: 'source <(tslxc completion bash)', meaning: 'in ~/.bashrc' },
    { command: 'tslxc completion fish | source', meaning: 'in ~/.config/fish/config.fish' },
    { command: 'tslxc completion zsh >~/.zfunc/_tslxc', meaning: 'once, for a folder of the fpath of zsh' },
  ],
  seeAlso: [],
});

export default command(
  spec,
  ({ operands, io }) => {
    const [shell = ''] = operands;
    const files = Object.hasOwn(FILES, shell) ? FILES[shell]! : undefined;
    if (files === undefined)
      throw usage(`'${shell}' is no shell with completions`, `there are ${SHELLS.join(', ')}`);
    const [own, installed] = files;
    io.print(readFirst([join(packageFolder(), 'config/completions', own), installed]));
    return 0;
  },
  { anyUser: true },
);

function readFirst(paths: readonly string[]): string {
  for (const path of paths) {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new TslxcError({
    code: 'INTERNAL',
    message: `the completions are not installed: ${paths.join(', ')}`,
  });
}
