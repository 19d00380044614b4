/** What a config that comes from elsewhere would do to this host. */
import type { ConfigDocument, DocumentSetting } from '../../config/config-document.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { type ContainerRef, containerDirectory } from '../paths.ts';

type Judge = (value: string, directory: string) => boolean;

const isHostPath: Judge = (value, directory) => value.startsWith('/') && !value.startsWith(`${directory}/`);
const always: Judge = (value) => value !== '';

/** Includes that every host has. */
const SHIPPED = /^\/usr\/share\/(lxc|tslxc)\/config\/[\w.-]+(\/[\w.-]+)?$/;

/** Keys that reach out of a container, and whether a value does. Scripts that come along are foreign programs, too. */
const REACHING: readonly (readonly [key: RegExp, reaches: Judge])[] = [
  // The hook `start` alone runs inside, when the container is closed.
  [/^lxc\.hook\.(?!start$|version$)/, always],
  [/^lxc\.net(\.\d+|work(\.\d+)?)\.script\.(up|down)$/, always],
  [/^lxc\.net(\.\d+|work(\.\d+)?)\.type$/, (value) => value === 'none' || value === 'phys'],
  [/^lxc\.mount(\.fstab)?$/, always],
  [/^lxc\.mount\.entry$/, (value, directory) => isHostPath(value.split(/\s/)[0] ?? '', directory)],
  [/^lxc\.include$/, (value) => !SHIPPED.test(value)],
  [
    /^lxc\.(log\.file|logfile|console\.logfile|console\.path|console|seccomp\.profile|seccomp|rootfs\.mount)$/,
    isHostPath,
  ],
  [/^lxc\.seccomp\.notify\.proxy$/, always],
  [/^lxc\.namespace\.share\./, always],
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
  return REACHING.some(([pattern, judge]) => pattern.test(key) && judge(value, directory));
}
