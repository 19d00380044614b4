/**
 * Device nodes of a running container: made and removed by a stage inside, and let through by its
 * cgroup.
 */
import { closeSync, type Stats, statSync } from 'node:fs';
import type { CgroupNote } from '../../cgroup/container-cgroup.ts';
import { errorFromJSON, TslxcError } from '../../errors/tslxc-error.ts';
import { ownerOf } from '../../security/id-map.ts';
import { openHostTree } from '../../stage/mounts.ts';
import type { DeviceStagePlan } from '../../stage/plan.ts';
import type { Attachable } from '../plan/attach-request.ts';
import type { StartHost } from '../start/start-host.ts';
import type { ContainerRef } from '../state/paths.ts';
import { ownCopy } from './attach.ts';

export interface DeviceNodeRequest extends ContainerRef {
  readonly action: 'add' | 'del';
  /** On the host. */
  readonly device: string;
  /** Inside. */
  readonly path: string;
}

/** A running container whose device rules can be changed. */
export interface DeviceOwner {
  attachable(): Attachable;
  setCgroup(key: string, value: string): { notes: CgroupNote[] };
}

interface Device {
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
  readonly stat: Stats;
}

/** @throws TslxcError DEVICE */
export async function changeDeviceNode(
  host: StartHost,
  owner: DeviceOwner,
  request: DeviceNodeRequest,
): Promise<void> {
  const { record } = owner.attachable();
  const device = deviceOf(request.device);
  const rule = `${device.type} ${device.major}:${device.minor} rwm`;
  const allow = () => void (record.cgroup && owner.setCgroup('devices.allow', rule));
  const deny = () => void (record.cgroup && owner.setCgroup('devices.deny', rule));
  if (request.action === 'del') {
    await runStage(host, owner, request, device);
    deny();
    return;
  }
  allow();
  try {
    await runStage(host, owner, request, device);
  } catch (error) {
    deny();
    throw error;
  }
}

function deviceOf(path: string): Device {
  let stat: Stats;
  try {
    stat = statSync(path);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code;
    throw new TslxcError({ code: 'DEVICE', message: `there is no device ${path} on the host`, errno });
  }
  if (!stat.isCharacterDevice() && !stat.isBlockDevice())
    throw new TslxcError({ code: 'DEVICE', message: `${path} is not a device node` });
  // As in makedev(3): twelve bits of the major number, twenty of the minor one.
  const major = Math.floor(stat.rdev / 256) & 0xfff;
  const minor = (stat.rdev & 0xff) | (Math.floor(stat.rdev / 4096) & 0xfff00);
  return { type: stat.isBlockDevice() ? 'b' : 'c', major, minor, stat };
}

async function runStage(
  host: StartHost,
  owner: DeviceOwner,
  request: DeviceNodeRequest,
  { type, major, minor, stat }: Device,
): Promise<void> {
  const { init: runInit, record, plan: start } = owner.attachable();
  // Nodes on what a user namespace has mounted cannot be opened: there the host's node is bound.
  const bound = record.unprivileged && request.action === 'add';
  const source = bound ? openHostTree(host.kernel, request.device, false) : undefined;
  const init = ownCopy(host.kernel, runInit, record.name);
  const stage = host.stage('device', false, () => {});
  try {
    const plan: DeviceStagePlan = {
      action: request.action,
      path: request.path,
      type,
      major,
      minor,
      mode: stat.mode & 0o777,
      uid: stat.uid,
      gid: stat.gid,
      ...(record.unprivileged ? { owner: ownerOf(start.stage.idmap, start.stage.init) } : {}),
    };
    const fds = { init, ...(source === undefined ? {} : { source }) };
    stage.send({ type: 'plan', order: { kind: 'device', plan, fds } });
    await stage.begun;
    const answer = await stage.next();
    if (answer?.type === 'error') throw errorFromJSON(answer.error);
    if (answer?.type !== 'ready')
      throw new TslxcError({ code: 'DEVICE', message: 'the process that works inside was killed' });
  } finally {
    stage.close();
    closeSync(init);
    if (source !== undefined) closeSync(source);
  }
}
