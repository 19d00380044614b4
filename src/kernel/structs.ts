/**
 * Writers and readers for the kernel's structures: Buffers with our own layouts, little-endian
 * (x86-64, arm64).
 */
import { CLONE, CLONE_INTO_CGROUP, SIG } from './constants.ts';

/** `struct open_how` (openat2). */
export function openHow(flags: number, mode: number, resolve: number): Buffer {
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(flags), 0);
  how.writeBigUInt64LE(BigInt(mode), 8);
  how.writeBigUInt64LE(BigInt(resolve), 16);
  return how;
}

/**
 * `struct clone_args`, version 2 (clone3). `parentTid` and `childTid` are addresses; `cgroup` a
 * descriptor of the v2 cgroup that the child is born in. It ends with SIGCHLD.
 */
export function cloneArguments(
  flags: number,
  parentTid: number,
  cgroup: number | undefined,
  childTid = 0,
): Buffer {
  const args = Buffer.alloc(88);
  args.writeBigUInt64LE(BigInt(childTid), 16);
  args.writeBigUInt64LE(BigInt(flags) | (cgroup === undefined ? 0n : CLONE_INTO_CGROUP), 0);
  args.writeBigUInt64LE(BigInt(parentTid), 24);
  // With CLONE_PARENT the signal is what the caller's own end sends, and has to be left out.
  args.writeBigUInt64LE(flags & CLONE.PARENT ? 0n : BigInt(SIG.CHLD), 32);
  args.writeBigUInt64LE(BigInt(cgroup ?? 0), 80);
  return args;
}

export interface MountAttributes {
  /** MOUNT_ATTR_* to set and to clear. */
  readonly set?: number;
  readonly clear?: number;
  /** MS_PRIVATE, MS_SLAVE, MS_SHARED or MS_UNBINDABLE. */
  readonly propagation?: number;
  /**
   * Descriptor of the user namespace whose map the mount takes (with MOUNT_ATTR_IDMAP in `set`).
   */
  readonly userns?: number;
}

/** `struct mount_attr` (mount_setattr). */
export function mountAttr({ set = 0, clear = 0, propagation = 0, userns = 0 }: MountAttributes): Buffer {
  const attr = Buffer.alloc(32);
  [set, clear, propagation, userns].forEach((value, i) => {
    attr.writeBigUInt64LE(BigInt(value), i * 8);
  });
  return attr;
}

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

/** `struct winsize`. */
export function winsize({ rows, columns }: WindowSize): Buffer {
  const size = Buffer.alloc(8);
  size.writeUInt16LE(rows, 0);
  size.writeUInt16LE(columns, 2);
  return size;
}

export function readWinsize(size: Buffer): WindowSize {
  return { rows: size.readUInt16LE(0), columns: size.readUInt16LE(2) };
}

/** RLIM_INFINITY is written for `Infinity`. */
export function rlimit64(soft: number, hard: number): Buffer {
  const limit = Buffer.alloc(16);
  const infinity = 0xffffffffffffffffn;
  limit.writeBigUInt64LE(soft === Infinity ? infinity : BigInt(soft), 0);
  limit.writeBigUInt64LE(hard === Infinity ? infinity : BigInt(hard), 8);
  return limit;
}

export function readRlimit64(limit: Buffer): { soft: number; hard: number } {
  const one = (offset: number) => {
    const value = limit.readBigUInt64LE(offset);
    return value === 0xffffffffffffffffn ? Infinity : Number(value);
  };
  return { soft: one(0), hard: one(8) };
}

/** The sets of `capset(2)`, version 3: one bit for each capability. */
export interface CapabilitySets {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
}

const CAPABILITY_VERSION_3 = 0x20080522;

/** `struct __user_cap_header_struct` for the calling thread. */
export function capabilityHeader(): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(CAPABILITY_VERSION_3, 0);
  return header;
}

/** Two `struct __user_cap_data_struct`: low words, then high words. */
export function capabilityData(sets: CapabilitySets): Buffer {
  const data = Buffer.alloc(24);
  const all = [sets.effective, sets.permitted, sets.inheritable];
  all.forEach((set, i) => {
    data.writeUInt32LE(Number(set & 0xffffffffn), i * 4);
    data.writeUInt32LE(Number((set >> 32n) & 0xffffffffn), 12 + i * 4);
  });
  return data;
}

export function readCapabilityData(data: Buffer): CapabilitySets {
  const one = (i: number) =>
    BigInt(data.readUInt32LE(i * 4)) | (BigInt(data.readUInt32LE(12 + i * 4)) << 32n);
  return { effective: one(0), permitted: one(1), inheritable: one(2) };
}

/** `struct sockaddr_un` for a path in the file system, or with `@` in front an abstract name. */
export function unixAddress(path: string): Buffer {
  // An abstract name begins with NUL instead, and all of the address counts.
  const abstract = path.startsWith('@');
  const bytes = Buffer.from(abstract ? `\0${path.slice(1)}` : path);
  if (bytes.length > 107) throw new RangeError(`socket path of ${bytes.length} bytes (107 at most): ${path}`);
  const address = Buffer.alloc(2 + bytes.length + (abstract ? 0 : 1));
  address.writeUInt16LE(1, 0);
  bytes.copy(address, 2);
  return address;
}

/** `struct msghdr` for one piece of data and one of control data, at these addresses. */
export function messageHeader(data: number, control: number, controlLength: number): Buffer {
  const header = Buffer.alloc(56);
  header.writeBigUInt64LE(BigInt(data), 16);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(BigInt(control), 32);
  header.writeBigUInt64LE(BigInt(controlLength), 40);
  return header;
}

/** `struct iovec`. */
export function ioVector(address: number, length: number): Buffer {
  const vector = Buffer.alloc(16);
  vector.writeBigUInt64LE(BigInt(address), 0);
  vector.writeBigUInt64LE(BigInt(length), 8);
  return vector;
}

/** `struct cmsghdr` of SCM_RIGHTS. */
export function descriptorMessage(descriptors: readonly number[]): Buffer {
  const length = 16 + descriptors.length * 4;
  const message = Buffer.alloc(Math.ceil(length / 8) * 8);
  message.writeBigUInt64LE(BigInt(length), 0);
  message.writeInt32LE(1 /* SOL_SOCKET */, 8);
  message.writeInt32LE(1 /* SCM_RIGHTS */, 12);
  descriptors.forEach((fd, i) => {
    message.writeInt32LE(fd, 16 + i * 4);
  });
  return message;
}

/** One `struct pollfd`; `revents` is read back from the same place. */
export function pollfds(fds: readonly { fd: number; events: number }[]): Buffer {
  const set = Buffer.alloc(fds.length * 8);
  fds.forEach(({ fd, events }, i) => {
    set.writeInt32LE(fd, i * 8);
    set.writeInt16LE(events, i * 8 + 4);
  });
  return set;
}

/** The kernel's `dev_t` as mknod(2) takes it (include/linux/kdev_t.h, new_encode_dev). */
export function makeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

/** `struct loop_config` for the whole of a file. */
export function loopConfig(file: number, flags: number, name: string): Buffer {
  const config = Buffer.alloc(304);
  config.writeUInt32LE(file, 0);
  // `struct loop_info64` begins at 8.
  config.writeUInt32LE(flags, 8 + 52);
  // The name ends with a NUL.
  Buffer.from(name).copy(config, 8 + 56, 0, 63);
  return config;
}

/** Size of `struct sock_filter`, one instruction of classic BPF. */
const INSTRUCTION = 8;

/** `struct sock_fprog` for instructions at an address. */
export function socketFilter(address: number, bytes: number): Buffer {
  const program = Buffer.alloc(16);
  program.writeUInt16LE(bytes / INSTRUCTION, 0);
  program.writeBigUInt64LE(BigInt(address), 8);
  return program;
}
