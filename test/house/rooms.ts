/**
 * A room imports only from rooms below it, a folder of container/ or manager/ only from floors
 * below it, a library has its rooms.
 */
import type { Fault, SourceFile } from './source-files.ts';

/** From the top of the house to its foundation. */
const ROOMS = [
  'cli',
  'library',
  'api',
  'manager',
  'container',
  'stage',
  'template',
  'storage',
  'network',
  'cgroup',
  'security',
  'config',
  'terminal',
  'kernel',
  'errors',
  'util',
];

/**
 * Rooms with folders, from the top floor down. Folders on one floor do not import from each other;
 * files that lie loose in a room are its top floor, where the room may have them.
 */
const FLOORS: Readonly<Record<string, { readonly loose: boolean; readonly folders: readonly string[][] }>> = {
  container: {
    loose: false,
    folders: [
      ['archive'],
      ['copies'],
      ['run'],
      ['start', 'lifecycle'],
      ['hooks', 'recovery', 'observe'],
      ['plan', 'layers'],
      ['rootfs'],
      ['state'],
    ],
  },
  manager: {
    loose: true,
    folders: [['lxc-socket'], ['monitor'], ['keeper'], ['forks'], ['wire'], ['process']],
  },
};

/** Libraries and the places that may import them. */
const LIBRARIES: Readonly<Record<string, RegExp>> = {
  'yargs-parser': /^cli\//,
  chalk: /^cli\//,
  listr2: /^cli\//,
  execa: /^(container|storage|network|template|manager)\//,
};

/** Loaded by its path, without an import. */
const KOFFI = { name: '@koromix/', path: 'kernel/binding.ts' };

export function* roomFaults({ path, text, imports }: SourceFile): Generator<Fault> {
  const [room = '', folder = ''] = path.split('/');
  const level = ROOMS.indexOf(room);
  if (level < 0 && path.includes('/')) yield { path, message: `room ${room} is not in the list` };
  if (room in FLOORS && floorOf(path) < 0) yield { path, message: `folder ${room}/${folder} has no floor` };
  if (text.includes(KOFFI.name) && path !== KOFFI.path)
    yield { path, message: `${KOFFI.name}* may not be loaded here` };
  for (const { specifier, path: target } of imports) {
    if (target !== undefined) {
      const to = target.split('/')[0]!;
      if (level >= 0 && ROOMS.indexOf(to) < level)
        yield { path, message: `${room} may not import from ${to} (${specifier})` };
      if (room in FLOORS && to === room && isUpwards(path, target))
        yield { path, message: `${folder} may not import from ${target.split('/')[1]} (${specifier})` };
    } else if (!specifier.startsWith('node:')) {
      const allowed = LIBRARIES[specifier];
      if (!allowed) yield { path, message: `${specifier} is not a known dependency` };
      else if (!allowed.test(path)) yield { path, message: `${specifier} may not be imported here` };
    }
  }
}

/** 0 for a loose file of a room that may have them, -1 where there is no such floor. */
function floorOf(path: string): number {
  const [room, folder, ...below] = path.split('/');
  const { loose, folders } = FLOORS[room!]!;
  if (below.length === 0) return loose ? 0 : -1;
  const floor = folders.findIndex((names) => names.includes(folder!));
  return floor < 0 ? -1 : floor + 1;
}

function isUpwards(from: string, to: string): boolean {
  if (floorOf(from) === 0) return false;
  const sameFolder = from.split('/')[1] === to.split('/')[1];
  return !sameFolder && floorOf(to) <= floorOf(from);
}
