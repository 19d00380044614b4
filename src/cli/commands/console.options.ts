import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, NO_RCFILE } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'console',
  summary: 'log in on a tty of a container',
  synopsis: ['[OPTIONS] [-n] NAME'],
  description: [
    'Connects this terminal to a tty of a running container, by default to the first that nobody is connected to. Type the prefix (Ctrl+a) and q to leave; the prefix twice sends it to the container.',
    'A tty shows a login prompt where the container runs a getty on it; lxc.tty.max says how many there are.',
  ],
  options: {
    tty: {
      short: 't',
      kind: 'required',
      argument: 'NUMBER',
      integer: true,
      summary: 'which tty; 0 is the console that the container boots on',
      default: 'the first free one',
    },
    escape: {
      short: 'e',
      kind: 'required',
      argument: 'PREFIX',
      summary: 'letter of the prefix: ^a or a for Ctrl+a',
      default: '^a',
    },
    log: {
      kind: 'none',
      extension: true,
      summary: 'print what the console showed last (lxc.console.buffer.size), and connect to nothing',
    },
    clear: { kind: 'none', extension: true, summary: 'forget that, after it was printed if --log is given' },
    ...CONTAINER_OPTIONS,
    ...NO_RCFILE,
  },
  container: 'required',
  operands: [],
  exitCodes: [
    ['0', 'left by the prefix, or the container stopped'],
    ['1', 'not running, no such tty, all busy, or another error'],
  ],
  examples: [
    { command: 'tslxc-console -n web', meaning: 'the first free tty' },
    { command: 'tslxc-console -n web -t 0', meaning: 'the console' },
    { command: 'tslxc-console -n web --log', meaning: 'what the console has shown' },
    { command: 'tslxc-console -n web -e ^b', meaning: 'leave with Ctrl+b q' },
  ],
  seeAlso: ['attach', 'start'],
});
