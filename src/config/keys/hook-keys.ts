import { logLevel } from '../values/log.ts';
import { elseZero, flag, numberBetween } from '../values/number.ts';
import { commandLine, oneOfAnyCase, path } from '../values/text.ts';
import { repeated, single } from './key-row.ts';

function hook(doc: string, since: string, live = false) {
  return repeated(commandLine, { doc, example: '/usr/local/lib/tslxc/hook', since, live, acted: true });
}

/** Programs that are run along the way, and the log. */
export const HOOK_KEYS = {
  'lxc.hook.pre-start': hook('Command run on the host before anything is set up.', '1.0'),
  'lxc.hook.pre-mount': hook(
    "Command run in the container's namespaces before its root filesystem is mounted.",
    '1.0',
  ),
  'lxc.hook.mount': hook('Command run after everything is mounted, before the root is changed.', '1.0'),
  'lxc.hook.autodev': hook('Command run after /dev is mounted, before device nodes are made in it.', '1.0'),
  'lxc.hook.start-host': hook('Command run on the host just before init is run.', '3.0'),
  'lxc.hook.start': hook('Command of the container, run inside just before init.', '1.0'),
  'lxc.hook.stop': hook('Command run on the host after init ended, while the namespaces still exist.', '2.0'),
  'lxc.hook.post-stop': hook('Command run on the host after the container stopped.', '1.0'),
  'lxc.hook.clone': hook(
    'Command run on a copy of the container, with its root filesystem mounted.',
    '1.0',
    true,
  ),
  'lxc.hook.destroy': hook('Command run on the host before the container is deleted.', '2.0', true),
  'lxc.hook.version': single(elseZero(numberBetween(0, 1, '0|1'), 0), {
    doc: 'How hooks learn what they are about: 0 by arguments, 1 by environment variables.',
    example: '1',
    since: '3.0',
    default: '0',
    acted: true,
  }),
  'lxc.log.level': single(logLevel, {
    doc: 'Least important messages that still are logged.',
    example: 'DEBUG',
    without: 'ERROR',
    since: '2.1',
    default: 'NOTSET',
    acted: true,
  }),
  'lxc.log.file': single(path, {
    doc: 'File that messages go to.',
    example: '/var/log/tslxc/web1.log',
    without:
      '/var/log/tslxc/NAME.log, or NAME.log in the folder of a container elsewhere than in /var/lib/tslxc',
    since: '2.1',
    acted: true,
  }),
  'lxc.log.syslog': single(
    oneOfAnyCase('daemon', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'),
    {
      doc: 'Send messages to the system log as well, under this facility.',
      example: 'daemon',
      since: '2.1',
      acted: true,
    },
  ),
  'lxc.strict': single(flag, {
    doc: 'Make an error of what LXC passes over: parts of values without a meaning, limits that this host does not have. Else each is a warning with file and line.',
    example: '1',
    since: 'tslxc 0.2',
    default: '0',
    extension: true,
    acted: true,
  }),
  'lxc.include': repeated(path, {
    doc: 'File to read here, or folder whose *.conf files are read in the order of their names.',
    example: '/usr/share/tslxc/config/common.conf',
    since: '1.0',
    acted: true,
  }),
};
