import { capability, keptCapability } from '../values/capability.ts';
import { idMap } from '../values/id-map.ts';
import { namespaceName, printNamespaces } from '../values/namespace.ts';
import { elseZero, flag } from '../values/number.ts';
import { seccompProxy } from '../values/seccomp-proxy.ts';
import { anyText, path } from '../values/text.ts';
import { timeOffset } from '../values/time-offset.ts';
import { words } from '../values/value-type.ts';
import { repeated, single } from './key-row.ts';

/** Namespaces, ids and what the container may do. */
export const SECURITY_KEYS = {
  'lxc.idmap': repeated(idMap, {
    doc: 'Ids of the container and the ids of the host that they stand for; the container then has a user namespace.',
    example: 'u 0 100000 65536',
    since: '2.1',
    acted: true,
  }),
  'lxc.namespace.clone': repeated(namespaceName, {
    doc: 'The only namespaces that the container gets of its own; mnt has to be among them, and user where there is an id map.',
    example: 'mnt pid uts ipc net',
    since: '3.0',
    split: words,
    slot: (value) => value,
    printAll: printNamespaces,
    excludes: 'lxc.namespace.keep',
    acted: true,
  }),
  'lxc.namespace.keep': repeated(namespaceName, {
    doc: 'Namespaces that the container shares with the host; it gets all others of its own. mnt cannot be among them.',
    example: 'net',
    since: '3.0',
    split: words,
    slot: (value) => value,
    printAll: printNamespaces,
    excludes: 'lxc.namespace.clone',
    acted: true,
  }),
  'lxc.time.offset.boot': single(timeOffset, {
    doc: 'How far the clock that counts from boot is off the one of the host.',
    example: '5h',
    since: '5.0',
    default: '0 ns',
    acted: true,
  }),
  'lxc.time.offset.monotonic': single(timeOffset, {
    doc: 'How far the monotonic clock is off the one of the host.',
    example: '-30 m',
    since: '5.0',
    default: '0 ns',
    acted: true,
  }),
  'lxc.sched.core': single(flag, {
    doc: 'Do not share the hardware threads of a core with anybody outside the container.',
    example: '1',
    since: '4.0',
    default: '0',
    acted: true,
  }),
  'lxc.cap.drop': repeated(capability, {
    doc: 'Capabilities that nobody in the container can have.',
    example: 'sys_module sys_time',
    since: '1.0',
    split: words,
    excludes: 'lxc.cap.keep',
    acted: true,
  }),
  'lxc.cap.keep': repeated(keptCapability, {
    doc: 'The only capabilities that the container can have; none for no capability at all.',
    example: 'chown net_bind_service setuid setgid',
    since: '1.0',
    split: words,
    excludes: 'lxc.cap.drop',
    acted: true,
  }),
  'lxc.no_new_privs': single(flag, {
    doc: 'No program can gain privileges by being run (set-user-id bits and file capabilities do nothing).',
    example: '1',
    since: '2.1',
    default: '0',
    acted: true,
  }),
  'lxc.keyring.session': single(flag, {
    doc: 'Give the container, and each program attached to it, a session keyring of its own instead of the one that the manager was started with.',
    example: '0',
    since: '4.0',
    default: '1',
    acted: true,
  }),
  'lxc.apparmor.profile': single(anyText, {
    doc: 'AppArmor profile of the container; also unconfined, unchanged, or generated.',
    example: 'generated',
    since: '2.1',
  }),
  'lxc.apparmor.allow_incomplete': single(flag, {
    doc: 'Start even though the kernel cannot enforce the whole profile.',
    example: '1',
    since: '2.1',
    default: '0',
  }),
  'lxc.apparmor.allow_nesting': single(flag, {
    doc: 'Allow in the generated profile what containers inside the container need.',
    example: '1',
    since: '4.0',
    default: '0',
  }),
  'lxc.apparmor.raw': repeated(anyText, {
    doc: 'Line to add to the generated profile.',
    example: 'deny /srv/secret rw,',
    since: '4.0',
  }),
  'lxc.selinux.context': single(anyText, {
    doc: 'SELinux context of the container, or unchanged.',
    example: 'system_u:system_r:lxc_t:s0:c22',
    since: '2.1',
  }),
  'lxc.selinux.context.keyring': single(anyText, {
    doc: "SELinux context of the container's session keyring.",
    example: 'system_u:system_r:lxc_t:s0:c22',
    since: '4.0',
  }),
  'lxc.seccomp.profile': single(path, {
    doc: 'File that says which system calls are refused.',
    example: '/usr/share/tslxc/config/common.seccomp',
    since: '2.1',
    acted: true,
  }),
  'lxc.seccomp.allow_nesting': single(elseZero(flag, false), {
    doc: 'Add the filter to one that is in force already.',
    example: '1',
    since: '4.0',
    default: '0',
    acted: true,
  }),
  'lxc.seccomp.notify.proxy': single(seccompProxy, {
    doc: "Socket (seqpacket) of a program that is asked about system calls with the action notify, in LXC's protocol; a call about which nobody answers fails with ENOSYS.",
    example: 'unix:/run/decider.sock',
    since: '4.0',
    acted: true,
  }),
  'lxc.seccomp.notify.cookie': single(anyText, {
    doc: 'Text that is sent to that program with each question.',
    example: 'web1',
    since: '4.0',
    acted: true,
  }),
};
