/** Logical volumes by LVM's own tools. */
import { TslxcError } from '../errors/tslxc-error.ts';
import { volumeTool, volumeToolAgrees } from './volume-tool.ts';

const PACKAGE = 'lvm2';

export const lvm = (tool: string, ...args: string[]) => volumeTool(tool, args, PACKAGE);
export const lvmAgrees = (tool: string, ...args: string[]) => volumeToolAgrees(tool, args, PACKAGE);

/**
 * Group and volume of `/dev/VG/LV` or `/dev/mapper/VG-LV`, where hyphens of the names are doubled.
 */
export function splitLogical(path: string): { group: string; name: string } {
  const mapped = /^\/dev\/mapper\/((?:[^-]|--)+)-((?:[^-]|--)+)$/.exec(path);
  const [, group, name] = mapped ?? /^\/dev\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (group === undefined || name === undefined)
    throw new TslxcError({
      code: 'CONFIG_VALUE',
      message: `"${path}" is no logical volume`,
      hint: 'it is written lvm:/dev/VG/LV',
    });
  const plain = (text: string) => (mapped ? text.replaceAll('--', '-') : text);
  return { group: plain(group), name: plain(name) };
}

/** `VG/LV`, as the tools have it. */
export function logicalName(path: string): string {
  const { group, name } = splitLogical(path);
  return `${group}/${name}`;
}

export interface LogicalVolume {
  /** Bytes. */
  readonly size: number;
  /** Percent of it in use, where that is known: of a thin volume or a snapshot. */
  readonly percent: number | undefined;
  /** Thin pool that it is in. */
  readonly pool: string | undefined;
  /** The volume that it is a snapshot of. */
  readonly origin: string | undefined;
}

export async function readLogical(path: string): Promise<LogicalVolume> {
  const fields = 'lv_size,data_percent,pool_lv,origin';
  const [line = ''] = await lvm(
    'lvs',
    ...['--noheadings', '--nosuffix', '--units', 'b', '--separator', '|', '-o', fields],
    logicalName(path),
  );
  const [size = '', percent = '', pool = '', origin = ''] = line.trim().split('|');
  return {
    size: Number(size),
    percent: percent === '' ? undefined : Number(percent),
    pool: pool || undefined,
    origin: origin || undefined,
  };
}

/** Whether the group has a thin pool of that name. */
export async function isThinPool(group: string, pool: string): Promise<boolean> {
  const args = ['--noheadings', '-o', 'lv_attr', `${group}/${pool}`];
  if (!(await lvmAgrees('lvs', ...args))) return false;
  return (await lvm('lvs', ...args))[0]?.trim().startsWith('t') ?? false;
}

/** Names of the thick snapshots that would be lost with a volume. */
export async function thickSnapshotsOf(path: string): Promise<string[]> {
  const { group, name } = splitLogical(path);
  const lines = await lvm(
    'lvs',
    ...['--noheadings', '--separator', '|', '-o', 'lv_name,origin,pool_lv', group],
  );
  return lines
    .map((line) => line.trim().split('|'))
    .filter(([, origin, pool]) => origin === name && !pool)
    .map(([snapshot]) => snapshot!);
}
