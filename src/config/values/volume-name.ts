/**
 * Names of what new containers are made on. They end up in command lines, so none begins with `-`.
 */
import { BadValue } from './bad-value.ts';
import type { ValueType } from './value-type.ts';

/** LVM's limit (NAME_LEN), less the closing NUL. */
const LVM_BYTES = 127;
/** The limit of ZFS (ZFS_MAX_DATASET_NAME_LEN), less the closing NUL. */
const ZFS_BYTES = 255;

/** A volume group or a pool in one, by the rules of lvm(8). */
export const lvmName: ValueType<string> = {
  name: 'NAME',
  valid: `an LVM name: letters, digits, "+", "_", "." and "-", not at the beginning "-", at most ${LVM_BYTES} of them`,
  parse(text) {
    refuseStray(text, /[^A-Za-z0-9+_.-]/u, 'an LVM name');
    if (text.startsWith('-') || text === '.' || text === '..')
      throw new BadValue(`"${text}" is not an LVM name`);
    if (text.length > LVM_BYTES) throw new BadValue(`a name of ${text.length} characters is too long`);
    return text;
  },
};

/** A dataset that others can be below, by the rules of zfs(8). */
export const zfsDataset: ValueType<string> = {
  name: 'DATASET',
  valid: 'a ZFS dataset: the pool, which begins with a letter, or POOL/PATH without a slash at either end',
  parse(text) {
    refuseStray(text, /[^A-Za-z0-9_.:/ -]/u, 'the name of a dataset');
    if (!/^[A-Za-z]/.test(text)) throw new BadValue(`"${text}" does not begin with a letter`);
    const parts = text.split('/');
    const at = parts.findIndex((part) => part === '' || part === '.' || part === '..');
    if (at >= 0)
      throw new BadValue(`"${text}" has "${parts[at]}" as a part`, text.split('/', at).join('/').length);
    if (text.length > ZFS_BYTES) throw new BadValue(`a name of ${text.length} characters is too long`);
    return text;
  },
};

/** `/` and `@` divide the names of images: POOL/IMAGE@SNAPSHOT. */
export const cephPool: ValueType<string> = {
  name: 'POOL',
  valid: 'the name of a Ceph pool: no "/", "@" or blank, not at the beginning "-" or "."',
  parse(text) {
    refuseStray(text, /[/@\s]/u, 'the name of a pool');
    if (/^[-.]/.test(text)) throw new BadValue(`a pool cannot begin with "${text[0]}"`);
    return text;
  },
};

/**
 * What `--id` of Ceph's commands takes, which is less than the whole name that its keyrings have.
 */
export const cephUser: ValueType<string> = {
  name: 'USER',
  valid: 'a Ceph user without "client." before it, no blanks, not at the beginning "-"',
  parse(text) {
    refuseStray(text, /\s/u, 'a user');
    if (text.startsWith('-')) throw new BadValue('a user cannot begin with "-"');
    if (text.startsWith('client.')) throw new BadValue(`"${text}" has the kind of the user before it`);
    return text;
  },
};

function refuseStray(text: string, stray: RegExp, place: string): void {
  const found = stray.exec(text);
  if (found) throw new BadValue(`"${found[0]}" cannot be in ${place}`, found.index);
}
