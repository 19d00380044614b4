import { arch } from '../values/arch.ts';
import { environmentVariable } from '../values/environment.ts';
import { flag, id, integer, seconds } from '../values/number.ts';
import { restartPolicy } from '../values/restart.ts';
import { signal } from '../values/signal.ts';
import { absolutePath, anyText, commandLine, hostname } from '../values/text.ts';
import { commaItems, words } from '../values/value-type.ts';
import { repeated, single } from './key-row.ts';

/** Who the container is, what runs as its process 1, and when it is started. */
export const INIT_KEYS = {
  'lxc.uts.name': single(hostname, {
    doc: 'Host name inside the container.',
    example: 'web1',
    since: '2.1',
    acted: true,
  }),
  'lxc.arch': single(arch, {
    doc: 'Architecture that programs in the container see; a 32-bit one on a 64-bit host sets the personality.',
    example: 'amd64',
    since: '1.0',
    empty: 'refused',
    acted: true,
  }),
  'lxc.init.cmd': single(commandLine, {
    doc: 'Program, with arguments, that is run as process 1 instead of /sbin/init.',
    example: '/sbin/init --verbose',
    since: '2.1',
    acted: true,
  }),
  'lxc.init.uid': single(id, {
    doc: 'User id inside the container that init runs as.',
    example: '1000',
    since: '2.1',
    default: '0',
    acted: true,
  }),
  'lxc.init.gid': single(id, {
    doc: 'Group id inside the container that init runs as.',
    example: '1000',
    since: '2.1',
    default: '0',
    acted: true,
  }),
  'lxc.init.groups': repeated(id, {
    doc: 'Further group ids of init, separated by commas.',
    example: '10,20',
    since: '4.0',
    split: commaItems,
    printAll: (values) => values.join(','),
    acted: true,
  }),
  'lxc.init.cwd': single(absolutePath, {
    doc: 'Folder inside the container that init starts in.',
    example: '/srv',
    since: '3.0',
    acted: true,
  }),
  'lxc.execute.cmd': single(commandLine, {
    doc: 'Program that tslxc-execute runs when it is not given one.',
    example: '/bin/true',
    since: '3.0',
    acted: true,
  }),
  'lxc.environment': repeated(environmentVariable, {
    doc: 'Variable for init, attached programs and hooks; a bare name takes over its value from the caller.',
    example: 'LANG=C.UTF-8',
    since: '1.1',
    acted: true,
  }),
  'lxc.environment.runtime': repeated(environmentVariable, {
    doc: 'Variable for init and for attached programs, but not for hooks.',
    example: 'LANG=C.UTF-8',
    since: '7.0',
    acted: true,
  }),
  'lxc.environment.hooks': repeated(environmentVariable, {
    doc: 'Variable for hooks only.',
    example: 'BACKUP_DIR=/srv/backup',
    since: '7.0',
    acted: true,
  }),
  'lxc.ephemeral': single(flag, {
    doc: 'Destroy the container when it stops (not when it reboots).',
    example: '1',
    since: '2.0',
    default: '0',
    live: true,
    acted: true,
  }),
  'lxc.group': repeated(anyText, {
    doc: 'Groups, separated by blanks, that tslxc-autostart selects containers by.',
    example: 'onboot web',
    since: '1.0',
    split: words,
    live: true,
    acted: true,
  }),
  'lxc.start.auto': single(flag, {
    doc: 'Start the container when the host starts.',
    example: '1',
    since: '1.0',
    default: '0',
    live: true,
    acted: true,
  }),
  'lxc.start.delay': single(seconds, {
    doc: 'Seconds to wait after starting this container before the next one is started.',
    example: '5',
    since: '1.0',
    default: '0',
    live: true,
    acted: true,
  }),
  'lxc.start.order': single(integer, {
    doc: 'Containers with a lower number are started earlier and stopped later.',
    example: '10',
    since: '1.0',
    default: '0',
    live: true,
    acted: true,
  }),
  'lxc.start.restart': single(restartPolicy, {
    doc: 'Whether the container is started again when it has ended: on-failure after an exit code other than 0, a signal or a lack of memory (on-failure:N: N times in a row at most), always after any other end as well, a power-off from inside included, but never when tslxc-stop or a shutdown of the host ended it; it waits between 0.25 and 60 seconds, twice as long each time, and ten seconds of running make it forget.',
    example: 'on-failure:5',
    since: 'tslxc 0.2',
    default: 'no',
    extension: true,
    acted: true,
  }),
  'lxc.signal.halt': single(signal, {
    doc: 'Signal that asks init to shut down; without it SIGPWR, or SIGRTMIN+3 for systemd.',
    example: 'SIGRTMIN+4',
    since: '2.1',
    default: '0',
    live: true,
    acted: true,
  }),
  'lxc.signal.reboot': single(signal, {
    doc: 'Signal that asks init to reboot; without it SIGINT.',
    example: 'SIGTERM',
    since: '2.1',
    default: '0',
    live: true,
    acted: true,
  }),
  'lxc.signal.stop': single(signal, {
    doc: 'Signal that ends the container at once; without it SIGKILL.',
    example: 'SIGKILL',
    since: '2.1',
    default: '0',
    live: true,
    acted: true,
  }),
  'lxc.monitor.signal.pdeath': single(signal, {
    doc: 'Signal that init gets when its supervisor dies; 0 for none.',
    example: 'SIGKILL',
    since: '4.0',
    default: '9',
    empty: { as: '0' },
  }),
  'lxc.monitor.unshare': single(flag, {
    doc: 'Give the supervisor a mount namespace of its own before the root filesystem is mounted.',
    example: '1',
    since: '2.0',
    default: '0',
  }),
};
