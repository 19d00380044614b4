import { flag } from '../values/number.ts';
import { relativePath } from '../values/text.ts';
import { single } from './key-row.ts';

/**
 * Where the container's cgroups are. The limits themselves are keys of open-ended families:
 * subtree-keys.ts.
 */
export const CGROUP_KEYS = {
  'lxc.cgroup.dir': single(relativePath, {
    doc: 'Cgroup below which those of the container and of its hooks are made.',
    example: 'machines',
    since: '2.1',
    acted: true,
  }),
  'lxc.cgroup.relative': single(flag, {
    doc: 'Start at the cgroup of whoever starts the container instead of the root.',
    example: '1',
    since: '4.0',
    default: '0',
    acted: true,
  }),
  'lxc.cgroup.dir.monitor': single(relativePath, {
    doc: 'The very cgroup of what runs on the host for this container alone: its hooks and network scripts.',
    example: 'machines/web1/hooks',
    since: '5.0',
    acted: true,
  }),
  'lxc.cgroup.dir.monitor.pivot': single(relativePath, {
    doc: 'Cgroup that what hooks left behind goes to, before the one of the hooks is removed.',
    example: 'machines/leaving',
    since: '5.0',
    acted: true,
  }),
  'lxc.cgroup.dir.container': single(relativePath, {
    doc: 'The very cgroup that the limits of the container are set on.',
    example: 'machines/web1/limits',
    since: '5.0',
    acted: true,
  }),
  'lxc.cgroup.dir.container.inner': single(relativePath, {
    doc: 'Cgroup below that one which the container sees as its root.',
    example: 'ns',
    since: '5.0',
    acted: true,
  }),
};
