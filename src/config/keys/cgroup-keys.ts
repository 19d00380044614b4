import { flag } from '../values/number.ts';
import { relativePath } from '../values/text.ts';
import { single } from './key-row.ts';

/** Where the container's cgroups are. The limits themselves are keys of open-ended families: subtree-keys.ts. */
export const CGROUP_KEYS = {
  'lxc.cgroup.dir': single(relativePath, {
    doc: 'Cgroup below which those of the container and of its supervisor are made.',
    example: 'machines',
    since: '2.1',
    acted: true,
  }),
  'lxc.cgroup.relative': single(flag, {
    doc: 'Start at the cgroup of the caller instead of the root.',
    example: '1',
    since: '4.0',
    default: '0',
  }),
  'lxc.cgroup.dir.monitor': single(relativePath, {
    doc: 'The very cgroup of the supervisor.',
    example: 'machines/web1/supervisor',
    since: '5.0',
  }),
  'lxc.cgroup.dir.monitor.pivot': single(relativePath, {
    doc: 'Cgroup that the supervisor goes to before its own is removed.',
    example: 'machines/leaving',
    since: '5.0',
  }),
  'lxc.cgroup.dir.container': single(relativePath, {
    doc: 'The very cgroup that the limits of the container are set on.',
    example: 'machines/web1/limits',
    since: '5.0',
  }),
  'lxc.cgroup.dir.container.inner': single(relativePath, {
    doc: 'Cgroup below that one which the container sees as its root.',
    example: 'ns',
    since: '5.0',
  }),
};
