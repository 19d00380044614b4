import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { Calls, KernelError } from '../binding.ts';
import { SYS } from '../constants.ts';
import type { Kernel } from '../kernel.ts';
import { loopConfig } from '../structs.ts';

const LOOP = { CONFIGURE: 0x4c0a, CTL_GET_FREE: 0x4c82, READ_ONLY: 1, AUTOCLEAR: 4 } as const;
/** Another process may take the free device between our question and our use of it. */
const TRIES = 50;

/** FS_IOC_FSGETXATTR and FS_IOC_FSSETXATTR, with `struct fsxattr` (linux/fs.h). */
const ATTRIBUTES = { GET: 0x801c581f, SET: 0x401c5820, SIZE: 28 } as const;
const PROJECT_OFFSET = 12;
const PROJECT_INHERIT = 0x200;

/** Commands of quotactl_fd(2) for projects: `QCMD(command, PRJQUOTA)`. */
const QUOTA = { GET_INFO: 0x80000502, GET: 0x80000702, SET: 0x80000802 } as const;
/** `dqb_valid` of `struct if_dqblk`: the limits of blocks are given. */
const BLOCK_LIMITS = 1;

/** Limit of one value (linux/limits.h). */
const XATTR_SIZE_MAX = 65_536;
let value: Buffer | undefined;
const ABSENT = new Set(['ENODATA', 'EOPNOTSUPP', 'ENOENT', 'EPERM', 'EACCES']);

export function storageVerbs(c: Calls) {
  const readAttributes = (fd: number) => {
    const attributes = Buffer.alloc(ATTRIBUTES.SIZE);
    c.ioctl(fd, ATTRIBUTES.GET, attributes);
    return attributes;
  };
  const quota = (command: number, fd: number, id: number, values = Buffer.alloc(72)) => {
    c.quotactlFd(SYS.quotactl_fd, fd, command, id, values);
    return values;
  };
  return {
    setXattr: (path, name, value) => void c.setxattr(path, name, value, value.length, 0),
    getXattr(path, name) {
      value ??= Buffer.alloc(XATTR_SIZE_MAX);
      try {
        return Buffer.from(value.subarray(0, c.getxattr(path, name, value, value.length)));
      } catch (error) {
        if (ABSENT.has((error as KernelError).code)) return undefined;
        throw error;
      }
    },
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
    projectOf(fd) {
      const attributes = readAttributes(fd);
      return {
        id: attributes.readUInt32LE(PROJECT_OFFSET),
        inherited: (attributes.readUInt32LE(0) & PROJECT_INHERIT) !== 0,
      };
    },
    setProject(fd, id) {
      const attributes = readAttributes(fd);
      attributes.writeUInt32LE((attributes.readUInt32LE(0) | PROJECT_INHERIT) >>> 0, 0);
      attributes.writeUInt32LE(id, PROJECT_OFFSET);
      c.ioctl(fd, ATTRIBUTES.SET, attributes);
    },
    keepsProjectQuota(fd) {
      try {
        quota(QUOTA.GET_INFO, fd, 0);
        return true;
      } catch {
        return false;
      }
    },
    projectUsage(fd, id) {
      try {
        const values = quota(QUOTA.GET, fd, id);
        return { limit: Number(values.readBigUInt64LE(0)) * 1024, used: Number(values.readBigUInt64LE(16)) };
      } catch (error) {
        // xfs does not know a project before its first use.
        if ((error as KernelError).code === 'ENOENT') return { limit: 0, used: 0 };
        throw error;
      }
    },
    setProjectLimit(fd, id, bytes) {
      const values = Buffer.alloc(72);
      values.writeBigUInt64LE(BigInt(Math.ceil(bytes / 1024)), 0);
      values.writeBigUInt64LE(BigInt(Math.ceil(bytes / 1024)), 8);
      values.writeUInt32LE(BLOCK_LIMITS, 64);
      quota(QUOTA.SET, fd, id, values);
    },
  } satisfies Partial<Kernel>;
}

/**
 * The device that has this file behind it: with another one, one filesystem would be mounted as
 * two, and be destroyed.
 */
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
