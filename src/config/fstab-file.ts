import { TslxcError } from '../errors/tslxc-error.ts';
import { configLines, readConfigBytes, readFault } from './config-files.ts';
import type { FaultListener, Setting } from './setting.ts';
import { BadValue } from './values/bad-value.ts';
import { type MountEntry, mountEntry } from './values/mount-entry.ts';

/**
 * The entries of the file that `lxc.mount.fstab` names, each with its own line. Throws CONFIG_READ
 * for the file, with the place of the setting, and CONFIG_VALUE for the first line at fault.
 * @param passedOver told about each part of a line that is passed over
 */
export function readFstab(fstab: Setting<string>, passedOver: FaultListener): Setting<MountEntry>[] {
  const file = fstab.value;
  let lines: ReturnType<typeof configLines>;
  try {
    lines = configLines(readConfigBytes(file));
  } catch (error) {
    throw readFault(file, error, fstab.origin, 'the fstab file');
  }
  return lines.flatMap(({ text: line }, index) => {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return [];
    const origin = { file, line: index + 1, column: line.indexOf(text) + 1 };
    const passOver = (what: string, offset: number) => {
      const column = origin.column + offset;
      passedOver(new TslxcError({ code: 'CONFIG_VALUE', message: what, ...origin, column }));
    };
    try {
      return [{ key: fstab.key, value: mountEntry.parse(text, { env: undefined, passOver }), text, origin }];
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      const column = origin.column + error.offset;
      const hint = `valid is ${mountEntry.valid}`;
      throw new TslxcError({ code: 'CONFIG_VALUE', message: error.message, ...origin, column, hint });
    }
  });
}
