/**
 * Writers and readers of the kernel's structures, as buffers. The layouts name the header's fields.
 */
import { CLONE, CLONE_INTO_CGROUP, SIG } from './constants.ts';
import { layout } from './struct-layout.ts';

const OPEN_HOW = layout({ flags: 'u64', mode: 'u64', resolve: 'u64' });

/** `struct open_how` of openat2(2). */
export function openHow(flags: number, mode: number, resolve: number): Buffer {
  return OPEN_HOW.make({ flags, mode, resolve });
}

/** Version 2, with `cgroup`. */
const CLONE_ARGS = layout({
  flags: 'u64',
  pidfd: 'u64',
  child_tid: 'u64',
  parent_tid: 'u64',
  exit_signal: 'u64',
  stack: 'u64',
  stack_size: 'u64',
  tls: 'u64',
  set_tid: 'u64',
  set_tid_size: 'u64',
  cgroup: 'u64',
});

/**
 * `struct clone_args` of clone3(2). The child's exit signal is SIGCHLD.
 * @param parentTid address to which the kernel writes the child's pid
 * @param cgroup descriptor of the v2 cgroup in which the child starts
 * @param childTid the same in the child's memory, for CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID
 */
export function cloneArguments(
  flags: number,
  parentTid: number,
  cgroup: number | undefined,
  childTid = 0,
): Buffer {
  return CLONE_ARGS.make({
    child_tid: childTid,
    flags: BigInt(flags) | (cgroup === undefined ? 0n : CLONE_INTO_CGROUP),
    parent_tid: parentTid,
    // With CLONE_PARENT the child has the caller's exit signal, and the field must be 0 (clone(2)).
    exit_signal: flags & CLONE.PARENT ? 0 : SIG.CHLD,
    cgroup: cgroup ?? 0,
  });
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

const MOUNT_ATTR = layout({ attr_set: 'u64', attr_clr: 'u64', propagation: 'u64', userns_fd: 'u64' });

/** `struct mount_attr` of mount_setattr(2). */
export function mountAttr({ set = 0, clear = 0, propagation = 0, userns = 0 }: MountAttributes): Buffer {
  return MOUNT_ATTR.make({ attr_set: set, attr_clr: clear, propagation, userns_fd: userns });
}

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

const WINSIZE = layout({ ws_row: 'u16', ws_col: 'u16', ws_xpixel: 'u16', ws_ypixel: 'u16' });

/** `struct winsize` of ioctl_tty(2). */
export function winsize({ rows, columns }: WindowSize): Buffer {
  return WINSIZE.make({ ws_row: rows, ws_col: columns });
}

export function readWinsize(size: Buffer): WindowSize {
  return { rows: Number(WINSIZE.read(size, 'ws_row')), columns: Number(WINSIZE.read(size, 'ws_col')) };
}

const RLIMIT64 = layout({ rlim_cur: 'u64', rlim_max: 'u64' });
const RLIM_INFINITY = 0xffffffffffffffffn;

/** `struct rlimit64` of prlimit(2); `Infinity` is RLIM_INFINITY. */
export function rlimit64(soft: number, hard: number): Buffer {
  const value = (limit: number) => (limit === Infinity ? RLIM_INFINITY : limit);
  return RLIMIT64.make({ rlim_cur: value(soft), rlim_max: value(hard) });
}

export function readRlimit64(limit: Buffer): { soft: number; hard: number } {
  const value = (name: 'rlim_cur' | 'rlim_max') => {
    const read = RLIMIT64.read(limit, name);
    return read === RLIM_INFINITY ? Infinity : Number(read);
  };
  return { soft: value('rlim_cur'), hard: value('rlim_max') };
}

/** The sets of `capset(2)`, version 3: one bit for each capability. */
export interface CapabilitySets {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
}

const CAPABILITY_VERSION_3 = 0x20080522;
const CAP_HEADER = layout({ version: 'u32', pid: 'i32' });

/** `struct __user_cap_header_struct` for the calling thread. */
export function capabilityHeader(): Buffer {
  return CAP_HEADER.make({ version: CAPABILITY_VERSION_3 });
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

const MSGHDR = layout({
  msg_name: 'u64',
  msg_namelen: 'u32',
  msg_iov: 'u64',
  msg_iovlen: 'u64',
  msg_control: 'u64',
  msg_controllen: 'u64',
  msg_flags: 'i32',
});

/** `struct msghdr` for one piece of data and one of control data, at these addresses. */
export function messageHeader(data: number, control: number, controlLength: number): Buffer {
  return MSGHDR.make({
    msg_iov: data,
    msg_iovlen: 1,
    msg_control: control,
    msg_controllen: controlLength,
  });
}

const IOVEC = layout({ iov_base: 'u64', iov_len: 'u64' });

/** `struct iovec`. */
export function ioVector(address: number, length: number): Buffer {
  return IOVEC.make({ iov_base: address, iov_len: length });
}

const CMSGHDR = layout({ cmsg_len: 'u64', cmsg_level: 'i32', cmsg_type: 'i32' });
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

/** `struct cmsghdr` of SCM_RIGHTS, with the descriptors behind it. */
export function descriptorMessage(descriptors: readonly number[]): Buffer {
  const length = CMSGHDR.size + descriptors.length * 4;
  const message = Buffer.alloc(Math.ceil(length / 8) * 8);
  CMSGHDR.write(message, { cmsg_len: length, cmsg_level: SOL_SOCKET, cmsg_type: SCM_RIGHTS });
  descriptors.forEach((fd, i) => {
    message.writeInt32LE(fd, CMSGHDR.size + i * 4);
  });
  return message;
}

const POLLFD = layout({ fd: 'i32', events: 'i16', revents: 'i16' });

/** An array of `struct pollfd` for poll(2). */
export function pollfds(fds: readonly { fd: number; events: number }[]): Buffer {
  const set = Buffer.alloc(fds.length * POLLFD.size);
  fds.forEach(({ fd, events }, i) => {
    POLLFD.write(set, { fd, events }, i * POLLFD.size);
  });
  return set;
}

/** The events that poll(2) reported for the entry at `index`. */
export function polledEvents(set: Buffer, index: number): number {
  return Number(POLLFD.read(set, 'revents', index * POLLFD.size));
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

/** Bytes of `struct sock_filter`, one instruction of classic BPF. */
const INSTRUCTION = 8;

const SOCK_FPROG = layout({ len: 'u16', filter: 'u64' });

/** `struct sock_fprog` for instructions at an address. */
export function socketFilter(address: number, bytes: number): Buffer {
  return SOCK_FPROG.make({ len: bytes / INSTRUCTION, filter: address });
}
