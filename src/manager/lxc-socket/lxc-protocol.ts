/**
 * The wire format of LXC's command socket, as `lxc-*` and liblxc of LXC 5.0.2 speak it on x86-64
 * and arm64.
 *
 *     request    int command, int length, u64 data      then `length` bytes
 *     response   int result,  int length, u64 data      then `length` bytes
 *
 * A small number travels in the field `data` with length 0. `result` is 0 or a negative errno. The
 * fields have the machine's byte order, which is little-endian on both.
 */
import { STATES, type State } from '../../container/state/state.ts';

/** Numbers of the commands that this program answers; LXC's own (its commands.h). */
export const COMMAND = {
  GET_TTY_FD: 0,
  TERMINAL_WINCH: 1,
  STOP: 2,
  GET_STATE: 3,
  GET_INIT_PID: 4,
  GET_CLONE_FLAGS: 5,
  GET_CGROUP: 6,
  GET_CONFIG_ITEM: 7,
  GET_NAME: 8,
  GET_LXCPATH: 9,
  ADD_STATE_CLIENT: 10,
  CONSOLE_LOG: 11,
  SERVE_STATE_CLIENTS: 12,
  FREEZE: 15,
  UNFREEZE: 16,
  GET_INIT_PIDFD: 18,
  GET_LIMIT_CGROUP: 19,
  GET_DEVPTS_FD: 21,
} as const;

/** LXC numbers the states in the order of the table. */
export const stateNumber = (state: State): number => STATES.indexOf(state);
export const stateOfNumber = (number: number): State | undefined => STATES[number];

/** The state that answers a client which is to be told of a later one. */
export const NO_STATE_YET = STATES.length;

const HEADER = 16;
/** LXC's own limit for what follows a request. */
const MOST_DATA = 8192;

export interface Request {
  readonly command: number;
  /** The number in the field `data`, where nothing follows. */
  readonly number: number;
  readonly data: Buffer;
}

/**
 * The first request in `bytes`; undefined while it is incomplete, null for bytes that are no
 * request.
 */
export function parseRequest(bytes: Buffer): Request | undefined | null {
  if (bytes.length < HEADER) return undefined;
  const length = bytes.readInt32LE(4);
  if (length < 0 || length > MOST_DATA) return null;
  if (bytes.length < HEADER + length) return undefined;
  return {
    command: bytes.readInt32LE(0),
    number: bytes.readInt32LE(8),
    data: bytes.subarray(HEADER, HEADER + length),
  };
}

export interface Response {
  /** 0, or a negative errno. @default 0 */
  readonly result?: number;
  /** A number, or bytes that follow. */
  readonly data?: number | bigint | Buffer;
  /** Descriptor that travels with the response. */
  readonly descriptor?: number;
}

/**
 * The response's fixed part; bytes that follow are sent on their own, because the client reads them
 * so.
 */
export function responseHeader({ result = 0, data = 0 }: Response): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(result, 0);
  if (Buffer.isBuffer(data)) header.writeInt32LE(data.length, 4);
  else header.writeBigInt64LE(BigInt(data), 8);
  return header;
}

/** A C string. */
export const cString = (text: string): Buffer => Buffer.from(`${text}\0`);

/** The C string at the beginning of what follows a request; undefined where there is none. */
export function textOf(data: Buffer): string | undefined {
  const end = data.indexOf(0);
  return end < 0 ? undefined : data.toString('utf8', 0, end);
}

const NAME_LENGTH = 256;

/** What a client that waits for a state is sent: `struct lxc_msg` with the type lxc_msg_state. */
export function stateMessage(name: string, state: State): Buffer {
  const message = Buffer.alloc(4 + NAME_LENGTH + 4);
  message.write(name.slice(0, NAME_LENGTH - 1), 4);
  message.writeInt32LE(stateNumber(state), 4 + NAME_LENGTH);
  return message;
}

/** FNV-1a with 64 bits, by which LXC names a socket whose path is too long. */
export function fnv64a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

/** LXC hashes a path of this length and more: sun_path less the zero bytes around the name. */
const LONGEST_PATH = 106;

/** The abstract name of a container's command socket, without the zero byte in front. */
export function socketName(lxcpath: string, name: string): string {
  const plain = `${lxcpath}/${name}/command`;
  if (Buffer.byteLength(plain) < LONGEST_PATH) return plain;
  const hash = fnv64a(Buffer.from(`${lxcpath}/${name}`));
  return `lxc/${hash.toString(16).padStart(16, '0')}/command`;
}
