import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, NO_RCFILE } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'stop',
  summary: 'stop, kill or reboot a container',
  synopsis: ['[OPTIONS] [-n] NAME...'],
  several: true,
  description: [
    "Asks the container's init to shut down (lxc.signal.halt) and waits; when the time is over the container is killed, and the command says so.",
    'With -k it is killed at once (lxc.signal.stop). If that signal does not end it in 5 seconds, SIGKILL does.',
    'With -r it asks for a reboot (lxc.signal.reboot) instead and waits for that; a reboot is never forced.',
  ],
  options: {
    reboot: {
      short: 'r',
      kind: 'none',
      summary: 'ask for a reboot instead of a shutdown',
      conflicts: ['kill'],
    },
    nowait: { short: 'W', kind: 'none', summary: 'send the request and return' },
    timeout: {
      short: 't',
      kind: 'required',
      argument: 'SECONDS',
      integer: true,
      summary: 'how long to wait; -1 is for ever, 0 like -W',
      default: '60',
      conflicts: ['kill'],
    },
    kill: { short: 'k', kind: 'none', summary: 'kill at once', conflicts: ['nokill'] },
    nokill: { kind: 'none', summary: 'do not kill when the time is over' },
    nolock: {
      kind: 'none',
      summary: 'do not wait for other commands that work on the container',
      requires: ['kill'],
    },
    ...CONTAINER_OPTIONS,
    ...NO_RCFILE,
  },
  container: 'required',
  operands: [],
  exitCodes: [
    ['0', 'stopped, or the request was sent where there is no waiting'],
    ['1', 'an error; also not stopped in time with --nokill, and with -r a container that did not come back'],
    ['2', 'it was not running'],
  ],
  examples: [
    { command: 'tslxc-stop -n web', meaning: 'shut down, and kill after a minute' },
    { command: 'tslxc-stop -n web -t 10 --nokill', meaning: 'give it ten seconds, but never force it' },
    { command: 'tslxc-stop -n web -r', meaning: 'reboot it' },
    { command: 'tslxc-stop web db', meaning: 'two of them, one after the other' },
  ],
  seeAlso: ['start', 'destroy', 'info'],
});
