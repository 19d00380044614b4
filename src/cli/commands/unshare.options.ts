import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS } from '../parse/common-options.ts';
import { NAMESPACE_WORDS } from '../parse/namespace-names.ts';

export const spec = defineSpec({
  name: 'unshare',
  summary: 'run a program in new namespaces, without a container',
  synopsis: ['-s LIST [OPTIONS] [--] COMMAND [ARGUMENT...]'],
  description: [
    "Runs COMMAND with namespaces of its own: a way to try a namespace out, or to keep a program away from the network or from other processes. The root filesystem stays the host's.",
    'In a new user namespace the caller is root, or the user of -u.',
  ],
  options: {
    namespaces: {
      short: 's',
      kind: 'required',
      argument: 'LIST',
      summary: `the new ones: ${NAMESPACE_WORDS.join(', ')}, separated by |`,
      complete: { words: NAMESPACE_WORDS },
    },
    user: { short: 'u', kind: 'required', argument: 'USER', summary: 'run as this user, by name or number' },
    hostname: {
      short: 'H',
      kind: 'required',
      argument: 'NAME',
      summary: 'host name in it; needs UTSNAME',
    },
    ifname: {
      short: 'i',
      kind: 'required',
      argument: 'INTERFACE',
      repeatable: true,
      summary: 'move this network interface into it; needs NETWORK',
    },
    daemon: { short: 'd', kind: 'none', summary: 'do not wait for the end' },
    remount: {
      short: 'M',
      kind: 'none',
      summary: 'fresh /proc, /dev/shm and /dev/mqueue; needs MOUNT',
    },
    logfile: CONTAINER_OPTIONS.logfile,
    logpriority: CONTAINER_OPTIONS.logpriority,
    quiet: { short: 'q', kind: 'none', summary: 'print no error lines' },
  },
  container: 'none',
  operands: [{ name: 'COMMAND', summary: 'the program with its arguments', many: true, required: true }],
  exitCodes: [
    ['0', 'the program ended with 0; with -d, it runs'],
    ['1', 'the program ended otherwise, or it could not be run'],
  ],
  examples: [
    { command: "tslxc-unshare -s 'NETWORK' -- ping 127.0.0.1", meaning: 'without any network' },
    {
      command: "tslxc-unshare -s 'MOUNT|PID' -M -- ps ax",
      meaning: 'it sees only its own processes',
    },
  ],
  seeAlso: ['usernsexec', 'attach'],
});
