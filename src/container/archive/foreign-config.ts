/** What a config that comes from elsewhere would do to this host. */
import { normalize } from 'node:path';
import type { ConfigDocument, DocumentSetting } from '../../config/config-document.ts';
import { type MountEntry, parseMountEntry } from '../../config/values/mount-entry.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { namespaceOfSysctl } from '../plan/sysctl-plan.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';

type Judge = (value: string, directory: string, key: string) => boolean;

/**
 * Anything but a file that came along. The root filesystem is not among those: it has links of whoever made it. Without a
 * slash in front it is the host's too, from wherever the manager stands.
 */
const isHostPath: Judge = (value, directory) => {
  if (value === '' || value === 'none') return false;
  const path = normalize(value);
  return !path.startsWith(`${directory}/`) || `${path}/`.startsWith(`${directory}/rootfs/`);
};
const always: Judge = (value) => value !== '';

/** Includes that every host has. */
const SHIPPED = /^\/usr\/share\/(lxc|tslxc)\/config\/[\w.-]+(\/[\w.-]+)?$/;
/** File systems that show the kernel or the container, and nothing of the host's disks. */
// biome-ignore format: a list of words
const VIRTUAL = new Set([
  'proc', 'sysfs', 'tmpfs', 'ramfs', 'mqueue', 'devpts', 'cgroup', 'cgroup2', 'debugfs', 'tracefs', 'securityfs',
  'fusectl', 'pstore', 'efivarfs', 'configfs', 'binfmt_misc', 'hugetlbfs',
]);

/** Told by the reader of the config itself, so that no way of writing it is understood otherwise there. */
const mountReaches: Judge = (value, directory, key) => {
  let entry: MountEntry;
  try {
    entry = parseMountEntry(value);
  } catch {
    // It does not load.
    return value !== '';
  }
  const { source, fstype, options } = entry;
  if (options.some((option) => option.startsWith('idmap=/'))) return true;
  const bind = ['bind', 'rbind'].some((word) => fstype === word || options.includes(word));
  if (!bind) return !VIRTUAL.has(fstype);
  return !options.includes('relative') && isHostPath(source, directory, key);
};

/** Keys that reach out of a container, and whether a value does. Scripts that come along are foreign programs, too. */
const REACHING: readonly (readonly [key: RegExp, reaches: Judge])[] = [
  // The hook `start` alone runs inside, when the container is closed.
  [/^lxc\.hook\.(?!start$|version$)/, always],
  [/^lxc\.net(\.\d+|work(\.\d+)?)\.script\.(up|down)$/, always],
  [/^lxc\.net(\.\d+|work(\.\d+)?)\.type$/, (value) => value === 'none' || value === 'phys'],
  // Those of the archive's own are written over before.
  [
    /^lxc\.rootfs(\.path)?$/,
    (value, directory) => value !== '' && value.replace(/^dir:/, '') !== `${directory}/rootfs`,
  ],
  [/^lxc\.mount(\.fstab)?$/, always],
  [/^lxc\.mount\.entry$/, mountReaches],
  [/^lxc\.mount\.auto$/, (value) => value.includes('shmounts')],
  [/^lxc\.include$/, (value) => value !== '' && !SHIPPED.test(value)],
  [
    /^lxc\.(log\.file|logfile|console\.logfile|console\.path|console|seccomp\.profile|seccomp|rootfs\.mount)$/,
    isHostPath,
  ],
  [/^lxc\.seccomp\.notify\.proxy$/, always],
  [/^lxc\.namespace\./, always],
  [/^lxc\.cgroup\.(dir|relative)(\.|$)/, always],
  // What belongs to no namespace is the host's, core_pattern for one.
  [
    /^lxc\.sysctl\./,
    (_value, _directory, key) => namespaceOfSysctl(key.slice('lxc.sysctl.'.length)) === undefined,
  ],
  // A name alone takes the value that it has with whoever starts the container.
  [/^lxc\.environment(\.|$)/, (value) => value !== '' && !value.includes('=')],
];

/** @throws TslxcError CONFIG_VALUE with the first such line, and the others in its causes */
export function refuseHostThings(config: ConfigDocument, ref: ContainerRef, archive: string): void {
  const directory = containerDirectory(ref);
  const found = config.settings().filter((setting) => reaches(setting, directory));
  if (found.length === 0) return;
  const lines = found.map(({ index, key, value }) => `line ${index + 1}: ${key} = ${value}`);
  throw new TslxcError({
    code: 'CONFIG_VALUE',
    container: ref.name,
    message: `the config in ${archive} runs programs on this host or names paths of it: ${lines.join('; ')}`,
    hint: 'if you know whose archive it is and want these lines, import it with --trust',
  });
}

function reaches({ key, value }: DocumentSetting, directory: string): boolean {
  return REACHING.some(([pattern, judge]) => pattern.test(key) && judge(value, directory, key));
}
