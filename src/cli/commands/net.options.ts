import { defineSpec } from '../parse/command-options.ts';
import { JSON_OPTION } from '../parse/common-options.ts';

export const ACTIONS = ['start', 'stop', 'restart', 'reload', 'force-reload', 'status'] as const;

export const spec = defineSpec({
  name: 'net',
  summary: 'control the default bridge with its DHCP, DNS and NAT',
  synopsis: ['start|stop|restart|status [OPTIONS]'],
  description: [
    'The default bridge (tslxcbr0) comes by itself when the first container that names it starts, so this is seldom needed. It stays until it is told to stop.',
    '/etc/default/tslxc-net has its settings.',
  ],
  options: {
    quiet: { short: 'q', kind: 'none', summary: 'print no error lines' },
    ...JSON_OPTION,
  },
  container: 'none',
  operands: [
    {
      name: 'ACTION',
      summary:
        'start it, stop it and undo all of it, restart (also reload, force-reload), or show its status',
      required: true,
      complete: { words: ACTIONS },
    },
  ],
  exitCodes: [
    ['0', 'done; for status, the bridge is up'],
    ['1', 'an error'],
    ['2', 'the command line is not understood'],
    ['3', 'status: the bridge is not up'],
  ],
  examples: [{ command: 'tslxc-net status', meaning: 'bridge, addresses, servers, leases' }],
  seeAlso: ['start', 'tslxc.container.conf(5)'],
});
