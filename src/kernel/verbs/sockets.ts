import type { Calls } from '../binding.ts';
import { O, SO_PEERCRED, SOL_SOCKET, SYS } from '../constants.ts';
import type { Kernel } from '../kernel.ts';
import { retryOn } from '../retry-on.ts';
import { descriptorMessage, ioVector, messageHeader } from '../structs.ts';

/**
 * What a message header points to: referenced here so that no garbage collection takes it before
 * the call.
 */
let held: readonly [data: Uint8Array, vector: Uint8Array, control: Uint8Array];

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** For arguments that accept4(2) may be given as NULL. */
const UNUSED = 0;

export function socketVerbs(c: Calls) {
  return {
    socket: (domain, type, protocol) => c.socket(domain, type, protocol),
    socketpair(type) {
      const fds = Buffer.alloc(8);
      c.socketpair(1, type, 0, fds);
      return [fds.readInt32LE(0), fds.readInt32LE(4)];
    },
    bind: (fd, address) => void c.bind(fd, address, address.length),
    listen: (fd, backlog) => void c.listen(fd, backlog),
    accept: (fd) => retryOn('EINTR', () => c.accept(fd, UNUSED, UNUSED, O.CLOEXEC)),
    connect: (fd, address) => void retryOn('EINTR', () => c.connect(fd, address, address.length)),
    send: (fd, bytes) => retryOn('EINTR', () => c.send(fd, bytes, bytes.length, MSG_NOSIGNAL)),
    sendNow: (fd, bytes) =>
      retryOn('EINTR', () => c.send(fd, bytes, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT)),
    sendDescriptors(fd, bytes, descriptors) {
      const address = (buffer: Uint8Array) => c.addressOf(buffer, buffer, 0);
      held = [bytes, ioVector(address(bytes), bytes.length), descriptorMessage(descriptors)];
      const [, vector, control] = held;
      const header = messageHeader(address(vector), address(control), control.length);
      retryOn('EINTR', () => c.sendmsg(fd, header, MSG_NOSIGNAL));
    },
    recv: (fd, buffer) => retryOn('EINTR', () => c.recv(fd, buffer, buffer.length, 0)),
    setSocketOption(fd, level, option, value) {
      const int = Buffer.alloc(4);
      int.writeInt32LE(value);
      c.setsockopt(fd, level, option, int, int.length);
    },
    peerCredentials(fd) {
      const credentials = Buffer.alloc(12);
      const length = Buffer.from([12, 0, 0, 0]);
      c.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length);
      return {
        pid: credentials.readInt32LE(0),
        uid: credentials.readUInt32LE(4),
        gid: credentials.readUInt32LE(8),
      };
    },
    // Loading a program is broken off with EAGAIN where a signal has come (bpf_check in
    // kernel/bpf/verifier.c).
    bpf: (command, attribute) =>
      retryOn('EAGAIN', () => c.bpf(SYS.bpf, command, attribute, attribute.length)),
    addressOf: (buffer) => c.addressOf(buffer, buffer, 0),
  } satisfies Partial<Kernel>;
}
