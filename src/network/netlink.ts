/**
 * A synchronous rtnetlink client over the kernel seam. It runs in the manager and in a forked stage
 * alike, so it neither awaits nor spawns anything.
 *
 * The socket belongs to the network namespace in which it was opened, for as long as it is open.
 */
import { TslxcError } from '../errors/tslxc-error.ts';
import { AF, POLL, SOCK } from '../kernel/constants.ts';
import { errnoName, errnoNumber } from '../kernel/errno.ts';
import type { Kernel } from '../kernel/kernel.ts';
import {
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  type Message,
  readText,
} from './netlink-message.ts';
import {
  NETLINK_OPTION,
  NETLINK_ROUTE,
  NLM_F,
  NLMSG,
  NLMSGERR_ATTR_MSG,
  SOL_NETLINK,
} from './rtnetlink-numbers.ts';

/**
 * The kernel builds answers of at most 32 KiB (netlink_dump in net/netlink/af_netlink.c): this
 * never truncates.
 */
const BUFFER_SIZE = 64 * 1024;
/** A dump longer than this is a runaway, not a host. */
const MAX_DUMP_MESSAGES = 100_000;
/** The kernel answers while `send` runs; only a wedged one lets us wait. */
const ANSWER_TIMEOUT_MS = 10_000;
/** A dump that changed under our hands is asked for again this often. */
const DUMP_TRIES = 5;

/** What the caller gives: type, flags beyond REQUEST and ACK, body with attributes. */
export interface Request {
  readonly type: number;
  readonly flags?: number;
  readonly body: readonly Uint8Array[];
  /** The action and its object: `create veth "veth0"`. The error message begins with it. */
  readonly action: string;
}

export interface Netlink {
  /** Sends a request, and returns when the kernel has carried it out. */
  change(request: Request): void;
  /** Asks for one object. */
  get(request: Request): Buffer;
  /** Asks for all objects of a kind: their bodies. */
  dump(request: Request): Buffer[];
  close(): void;
}

/** Errnos with a code of their own; all others are NETWORK_FAILED. */
const CODE_BY_ERRNO = { ENODEV: 'INTERFACE_MISSING', EPERM: 'NOT_PERMITTED' } as const;

function failure(action: string, errno: number, kernelText: string): TslxcError {
  const name = errnoName(errno);
  return new TslxcError({
    code: CODE_BY_ERRNO[name as keyof typeof CODE_BY_ERRNO] ?? 'NETWORK_FAILED',
    message: `${action}: ${kernelText ? `${kernelText} (${name})` : name}`,
    errno: name,
  });
}

/**
 * The kernel's extended-ack text, from what follows the error number: the request's header, then
 * attributes.
 */
function extendedAck(message: Message): string {
  if (!(message.flags & NLM_F.ACK_TLVS)) return '';
  const echoed = message.flags & NLM_F.CAPPED ? 16 : (message.body.readUInt32LE(4) + 3) & ~3;
  return readText(decodeAttributes(message.body.subarray(4 + echoed)).get(NLMSGERR_ATTR_MSG));
}

/** An error message's errno as a positive number; 0 is an acknowledgement. */
function errorNumber(message: Message): number {
  return message.body.length >= 4 ? -message.body.readInt32LE(0) : 0;
}

/** `struct sockaddr_nl` of the kernel itself: family, then port 0 and no groups. */
function kernelAddress(): Buffer {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF.NETLINK, 0);
  return address;
}

export function openNetlink(kernel: Kernel): Netlink {
  const fd = kernel.socket(AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, NETLINK_ROUTE);
  try {
    for (const option of Object.values(NETLINK_OPTION)) kernel.setSocketOption(fd, SOL_NETLINK, option, 1);
    // A netlink socket that is connected to port 0 takes datagrams from the kernel only: other
    // processes' sends fail with ECONNREFUSED (netlink_getsockbyportid). So an answer cannot be
    // forged by a process that knows our port.
    kernel.connect(fd, kernelAddress());
  } catch (error) {
    kernel.close(fd);
    throw error;
  }
  const buffer = Buffer.alloc(BUFFER_SIZE);
  let sequence = 0;

  function send({ type, flags = 0, body }: Request, extra: number): void {
    sequence++;
    const all = NLM_F.REQUEST | flags | extra;
    kernel.send(fd, encodeMessage({ type, flags: all, sequence, port: 0, body: Buffer.concat(body) }));
  }

  function receive(action: string): Message[] {
    if (kernel.poll([{ fd, events: POLL.IN }], ANSWER_TIMEOUT_MS).length === 0)
      throw failure(action, errnoNumber('ETIMEDOUT'), 'the kernel does not answer');
    const length = kernel.recv(fd, buffer);
    if (length === buffer.length) throw failure(action, errnoNumber('EMSGSIZE'), 'the answer does not fit');
    // An answer to an older request can only be there if that one was given up half-way.
    return decodeMessages(buffer.subarray(0, length)).filter((message) => message.sequence === sequence);
  }

  function throwError(action: string, message: Message): void {
    const errno = errorNumber(message);
    if (errno !== 0) throw failure(action, errno, extendedAck(message));
  }

  function dumpOnce(request: Request): Buffer[] | undefined {
    send(request, NLM_F.DUMP);
    const bodies: Buffer[] = [];
    let interrupted = false;
    for (;;) {
      for (const message of receive(request.action)) {
        interrupted ||= (message.flags & NLM_F.DUMP_INTR) !== 0;
        if (message.type === NLMSG.ERROR || message.type === NLMSG.DONE) {
          throwError(request.action, message);
          return interrupted ? undefined : bodies;
        }
        // The buffer is used again, so the body is copied.
        bodies.push(Buffer.from(message.body));
        if (bodies.length > MAX_DUMP_MESSAGES)
          throw failure(request.action, errnoNumber('EOVERFLOW'), 'too many');
      }
    }
  }

  return {
    change(request) {
      send(request, NLM_F.ACK);
      for (;;)
        for (const message of receive(request.action))
          if (message.type === NLMSG.ERROR) return throwError(request.action, message);
    },
    get(request) {
      send(request, 0);
      for (;;)
        for (const message of receive(request.action)) {
          if (message.type === NLMSG.ERROR) throwError(request.action, message);
          else return Buffer.from(message.body);
        }
    },
    dump(request) {
      for (let i = 0; i < DUMP_TRIES; i++) {
        const bodies = dumpOnce(request);
        if (bodies) return bodies;
      }
      throw failure(request.action, 4 /* EINTR */, 'the list keeps changing');
    },
    close: () => kernel.close(fd),
  };
}

/** Runs `work` with a netlink socket of the current network namespace. */
export function withNetlink<T>(kernel: Kernel, work: (netlink: Netlink) => T): T {
  const netlink = openNetlink(kernel);
  try {
    return work(netlink);
  } finally {
    netlink.close();
  }
}
