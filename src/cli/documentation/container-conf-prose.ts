/**
 * What the table of keys cannot say of itself: the rules of the language (src/config holds them).
 */

export const LANGUAGE: {
  readonly description: readonly string[];
  readonly rules: readonly (readonly [title: string, text: readonly string[]])[];
  readonly keys: readonly string[];
} = {
  description: [
    'The file config in the folder of a container says what the container is: its root filesystem, its network, its limits. The language is LXC 2.1 and later; its files are read as they are.',
    'The file is made to be edited by hand. What tslxc changes in it are single lines; comments, order and includes stay. A change takes effect at the next start, unless the key says otherwise.',
    'tslxc-config check NAME tells what is wrong with a config, tslxc-start --dry-run what it comes to on this host, tslxc-info -c KEY a single value.',
  ],
  rules: [
    [
      'Lines',
      [
        'A line is KEY = VALUE. Blanks around the two do not count. Of a pair of quotes, single or double, that encloses the whole value, the quotes are taken off; there is no other quoting, no escape character and no line that goes on in the next one.',
        'A line whose first character other than blanks is # is a comment. A # further on belongs to the value.',
        'A line that does not begin with lxc. is passed over. Control characters, and text that is not UTF-8, are errors.',
      ],
    ],
    [
      'What counts',
      [
        'Of a key with one value the last line counts. Other keys add up: each line adds to what those before it said, and a line may hold several values where the key takes a list. The list below says "adds up" of them.',
        'KEY = without a value forgets what was said of the key so far, also in files that were included. So does lxc.net.N = for one network interface, lxc.net = for all of them, lxc.hook = for all hooks, and lxc.cgroup, lxc.cgroup2, lxc.prlimit, lxc.sysctl or lxc.proc without a last part for all keys that begin so.',
        'lxc.net.N.type forgets what was said of interface N after an earlier type, and has to stand above the keys that only one type has (veth.pair, macvlan.mode).',
      ],
    ],
    [
      'Includes',
      [
        'lxc.include = PATH reads another file in this place. Where PATH is a folder, its files *.conf are read in the order of their names. A relative path begins at the folder of the file that includes. What follows the line overrides what was included. A file that includes itself, and includes nested more than 32 deep, are errors.',
        'A path below /usr/share/tslxc is looked for in the folder of the package where tslxc is not installed.',
      ],
    ],
    ['Command line', ['tslxc-start -s KEY=VALUE is read as a last line of the file, by the same rules.']],
    [
      'Values',
      [
        'Numbers are as in C: 0x10 is 16 and 010 is 8. 0|1 is 0 for off and 1 for on; other words are errors. COMMAND is a program with its arguments; init is not run by a shell, hooks are. Sizes take units of 1024: KB, MB, GB; a unit without its B means the same.',
      ],
    ],
    [
      'Mistakes',
      [
        'A key that does not exist and a value that is not valid are errors, with file, line, column and what would be valid. All of a config is read before anything is done, and all mistakes are told at once; tslxc-config check NAME tells them without a start.',
        'A part of a value that LXC passes over, as what follows the sixth field of a mount entry, and a limit for which this host has nothing, are passed over with a warning that names file and line; lxc.strict = 1 makes errors of them.',
        'A key that is known and without effect in this version is accepted; each start names it, with file and line. It is marked below.',
      ],
    ],
    [
      'Names from before LXC 2.1',
      [
        'The keys of LXC 1.0 and 2.0 (lxc.utsname, lxc.rootfs, lxc.id_map, lxc.network.*, lxc.tty and others) are read as well, with one warning for each file. tslxc-update-config rewrites a file to the names of today.',
      ],
    ],
  ],
  keys: [
    'After "=" stands the kind of value. "Default" is what holds when the key is not set, "since" the first LXC that had it under this name.',
  ],
};

export const NOTES: readonly (readonly [title: string, text: readonly string[]])[] = [
  [
    'Mounts',
    [
      'They are made in the order: lxc.mount.auto, the file of lxc.mount.fstab, the lines of lxc.mount.entry. A target is a path below the root filesystem, and symbolic links in it are followed inside only. The source of a bind mount is a path of the host.',
      'proc:mixed makes /proc/sys read-only but for /proc/sys/net, sys:mixed makes /sys read-only but for /sys/devices/virtual/net.',
    ],
  ],
  [
    'Control groups',
    [
      'lxc.cgroup.* has the names of version 1, lxc.cgroup2.* those of version 2. Where the host has the controller in the other version, name and value are translated; a key without a counterpart is an error. Of two that come to the same file, the one in the spelling of the host counts. Rules for devices count in the order in which they are written.',
    ],
  ],
  [
    'Privileges',
    [
      'Without lxc.idmap root inside the container is root: what lxc.cap.drop leaves to it, it can do. With it, the container needs a map of users and one of groups, each with its id 0.',
    ],
  ],
];

export const EXAMPLE = {
  meaning:
    'A container with an id map, an interface on the default bridge, a folder of the host, and limits:',
  lines: [
    'lxc.include = /usr/share/tslxc/config/common.conf',
    'lxc.include = /usr/share/tslxc/config/userns.conf',
    'lxc.rootfs.path = dir:/var/lib/tslxc/web/rootfs',
    'lxc.uts.name = web',
    'lxc.idmap = u 0 100000 65536',
    'lxc.idmap = g 0 100000 65536',
    'lxc.net.0.type = veth',
    'lxc.net.0.link = tslxcbr0',
    'lxc.net.0.flags = up',
    'lxc.mount.entry = /srv/data srv/data none bind,create=dir 0 0',
    'lxc.cgroup2.memory.max = 2G',
    'lxc.cgroup2.pids.max = 500',
  ],
};
