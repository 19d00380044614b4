/** Lines of configs that people have, with odd values: what the container is then. */
import type { PeerCase } from '../peer-case.ts';

/** A start of a container with a few more settings, that prints what they did. */
function started(script: string, ...settings: string[]): string[] {
  const given = settings.flatMap((setting) => ['-s', setting]);
  return ['start', '-n', '@stopped', '-F', '-c', 'none', ...given, '--', '/bin/sh', '-c', script];
}

const MOUNTS = "grep -E ' /(mnt|dev/pts|dev/mqueue) ' /proc/mounts | cut -d' ' -f2,3";
const mount = (entry: string) => started(MOUNTS, 'lxc.mount.auto=proc', `lxc.mount.entry=${entry}`);

const sorted = (text: string) => text.split('\n').sort().join('\n');

export const CASES: readonly PeerCase[] = [
  {
    title: 'host names that are none by the book',
    lines: ['a b', 'ünï', 'a:b', 'a/b'].map((name) => started('hostname', `lxc.uts.name=${name}`)),
  },
  {
    title: 'mount entries with more fields, words for numbers, and comments',
    normalise: sorted,
    lines: [
      mount('tmpfs mnt tmpfs defaults 0 0 # shared'),
      mount('tmpfs mnt tmpfs defaults 0 0 1 2 3'),
      mount('tmpfs mnt tmpfs defaults x -1'),
      mount('# a comment'),
      mount('/sys mnt none bind,create=bogus'),
      mount('tmpfs mnt tmpfs defaults,user,noauto,nofail,_netdev,x-systemd.automount 0 0'),
    ],
  },
  {
    title: 'mount entries for /dev/pts and options that a file system does not know',
    lines: [
      mount('devpts dev/pts devpts defaults 0 0'),
      mount('/dev/pts dev/pts none bind 0 0'),
      mount('devpts dev/pts devpts defaults,newinstance,ptmxmode=0666,mode=0620 0 0'),
      mount('mqueue dev/mqueue mqueue rw,realtime,create=dir 0 0'),
      mount('mqueue dev/mqueue mqueue rw,realtime,create=dir,optional 0 0'),
      mount('tmpfs mnt tmpfs realtime,size=64k 0 0'),
    ],
  },
  {
    title: 'resource limits by number, and with a side left out',
    lines: [
      started('ulimit -n', 'lxc.prlimit.7=1024'),
      started('ulimit -n', 'lxc.prlimit.nofile=1024:'),
      started('ulimit -c', 'lxc.prlimit.core=-1'),
    ],
  },
  {
    title: 'limits without a counterpart on this host',
    lines: [
      started('echo up', 'lxc.cgroup2.memory.oom.group=1', 'lxc.cgroup2.memory.high=100M'),
      started('echo up', 'lxc.cgroup2.bogus.file=1'),
    ],
  },
  {
    title: 'device rules with something behind them',
    lines: ['c 1:7 rwm # dev/full', 'c 1:7 rwmx', 'c 1:7 rwm extra', 'a'].map((rule) =>
      started('echo up', `lxc.cgroup.devices.allow=${rule}`),
    ),
  },
  {
    title: 'interfaces without a name are numbered by their order',
    normalise: sorted,
    lines: [
      started('ls /sys/class/net', 'lxc.mount.auto=sys', 'lxc.net.3.type=veth', 'lxc.net.7.type=veth'),
      started(
        'ls /sys/class/net',
        'lxc.mount.auto=sys',
        'lxc.net.3.type=veth',
        'lxc.net.3.name=eth1',
        'lxc.net.4.type=veth',
        'lxc.net.5.type=veth',
      ),
    ],
  },
  {
    title: 'links of the own /dev without autodev, a relative directory for init',
    lines: [
      started('ls /dev/fd /dev/stdin /dev/stdout /dev/stderr >/dev/null && echo links', 'lxc.autodev=0'),
      started('pwd', 'lxc.init.cwd=usr'),
    ],
  },
  {
    title: 'hardware addresses with bytes of one digit, names that are too long',
    lines: [
      started(
        'cat /sys/class/net/eth0/address',
        'lxc.mount.auto=sys',
        'lxc.net.1.type=veth',
        'lxc.net.1.hwaddr=0:16:3e:1:2:3',
      ),
      started(
        'ls /sys/class/net | grep -vx lo',
        'lxc.mount.auto=sys',
        'lxc.net.1.type=veth',
        'lxc.net.1.name=averylonginterface',
      ),
    ],
  },
];
