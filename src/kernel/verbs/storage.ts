import { closeSync, constants, openSync } from 'node:fs';
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
