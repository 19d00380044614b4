import { attachFiles } from '../../cgroup/container-cgroup.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { CLONE } from '../../kernel/constants.ts';
import { hostIdOf, ownerOf } from '../../security/id-map.ts';
import { NAMESPACE_FLAG } from '../../security/namespaces.ts';
import type { AttachStagePlan } from '../../stage/plan.ts';
import type { Attachable, AttachRequest } from './attach-request.ts';
import { mergeEnvironment } from './environment.ts';
import type { StartPlan } from './start-plan.ts';

/**
 * What an attached program is and may do: what init was made to be, less the privileges that are
 * asked for.
 * @param terminals which of 0, 1, 2 are terminals
 * @throws TslxcError IDMAP_UNAVAILABLE; NAMESPACE_UNAVAILABLE for a user namespace that is not
 *   there
 */
export function planAttach(
  { plan, record }: Pick<Attachable, 'plan' | 'record'>,
  request: AttachRequest,
  terminals: readonly number[],
): AttachStagePlan {
  const { stage } = plan;
  const available = stage.joined.reduce(
    (bits, { name }) => bits | NAMESPACE_FLAG[name],
    stage.namespaces | (record.unprivileged ? CLONE.NEWUSER : 0),
  );
  const namespaces = request.namespaces === undefined ? available : request.namespaces & available;
  if ((request.namespaces ?? 0) & CLONE.NEWUSER & ~available)
    throw new TslxcError({
      code: 'NAMESPACE_UNAVAILABLE',
      message: 'the container has no user namespace of its own to join',
      hint: 'leave USER out of -s',
    });
  const owner = ownerOf(stage.idmap, stage.init);
  const [uid, gid] = [request.uid ?? owner.uid, request.gid ?? owner.gid];
  mustBeMapped(plan, uid, gid);
  const personality = request.personality ?? stage.personality;
  // As with LXC, a program that keeps the security module's freedom or stays outside of the file
  // tree is not filtered.
  const filtered = stage.seccomp && !request.keep.lsm && (namespaces & CLONE.NEWNS) !== 0;
  return {
    name: request.name,
    namespaces,
    cgroupFiles: request.keep.cgroup || !record.cgroup ? [] : attachFiles(record.cgroup),
    // In the container's mount namespace /proc and /sys show its namespaces as they are; LXC leaves
    // them alone as well.
    remountProcSys: request.remountProcSys && (namespaces & CLONE.NEWNS) === 0,
    sessionKeyring: stage.sessionKeyring,
    coresOf: stage.coreScheduling ? (record.init?.pid ?? null) : null,
    capabilities: request.keep.capabilities ? null : stage.capabilities,
    noNewPrivileges: stage.noNewPrivileges && !request.keep.lsm,
    ...(filtered ? { seccomp: stage.seccomp } : {}),
    rlimits: stage.rlimits,
    ...(personality === undefined ? {} : { personality }),
    owner,
    uid,
    gid,
    groups: [],
    args: request.command,
    env: mergeEnvironment(request.env, request.configEnv ?? stage.init.env, request.setEnv),
    cwd: request.cwd,
    terminal: request.pty ? (terminals[0] ?? 0) : null,
    ...(request.context === undefined ? {} : { context: request.context }),
    nofile: stage.nofile,
  };
}

function mustBeMapped({ stage: { idmap } }: StartPlan, uid: number, gid: number): void {
  for (const [type, id, what] of [
    ['u', uid, 'user'],
    ['g', gid, 'group'],
  ] as const)
    if (idmap.length > 0 && hostIdOf(idmap, type, id) === undefined)
      throw new TslxcError({
        code: 'IDMAP_UNAVAILABLE',
        message: `${what} ${id} is not in the id map of the container`,
        hint: `lxc.idmap says which are; ${type === 'u' ? '-u' : '-g'} takes one of them`,
      });
}
