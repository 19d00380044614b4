import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { Calls, KernelError } from '../binding.ts';
import type { Kernel } from '../kernel.ts';
import { loopConfig } from '../structs.ts';

const LOOP = { CONFIGURE: 0x4c0a, CTL_GET_FREE: 0x4c82, READ_ONLY: 1, AUTOCLEAR: 4 } as const;
/** Somebody else may take the free device between our question and our use of it. */
const TRIES = 50;

export function storageVerbs(c: Calls) {
  return {
    setfsuid: (uid) => void c.setfsuid(uid),
    setfsgid: (gid) => void c.setfsgid(gid),
    attachLoop(file, name, readOnly) {
      const mode = readOnly ? constants.O_RDONLY : constants.O_RDWR;
      const flags = LOOP.AUTOCLEAR | (readOnly ? LOOP.READ_ONLY : 0);
      const present = presentLoop(file, mode);
      if (present) return present;
      const control = openSync('/dev/loop-control', constants.O_RDWR);
      try {
        for (let attempt = 1; ; attempt++) {
          const path = `/dev/loop${c.ioctlValue(control, LOOP.CTL_GET_FREE, 0)}`;
          const device = openSync(path, mode);
          try {
            c.ioctl(device, LOOP.CONFIGURE, loopConfig(file, flags, name));
            return { device, path };
          } catch (error) {
            closeSync(device);
            if ((error as KernelError).code !== 'EBUSY' || attempt === TRIES) throw error;
          }
        }
      } finally {
        closeSync(control);
      }
    },
  } satisfies Partial<Kernel>;
}

/** The device that has this file behind it: with another one, one filesystem would be mounted as two, and be destroyed. */
function presentLoop(file: number, mode: number): { device: number; path: string } | undefined {
  const { dev, ino } = fstatSync(file);
  for (const name of readdirSync('/sys/block').filter((entry) => /^loop\d+$/.test(entry)))
    try {
      const behind = () => statSync(readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').trim());
      const same = () => behind().ino === ino && behind().dev === dev;
      if (!same()) continue;
      const path = `/dev/${name}`;
      const device = openSync(path, mode);
      // Open, it stays; it may just have been given back.
      if (same()) return { device, path };
      closeSync(device);
    } catch {
      // Its file is gone, or it is.
    }
  return undefined;
}
