/**
 * A small seccomp proxy, as its own program: `seccomp-proxy.ts SOCKET LOG`. It answers by the first path argument of a
 * mkdir(2) or mkdirat(2), which it reads from the caller's memory: `deny` in it is EPERM, `silent` no answer at all,
 * `end` the end of the proxy, `wrong` an answer to a question that nobody asked; anything else goes on as it was.
 */
import { appendFileSync, closeSync, readFileSync, readSync } from 'node:fs';
import { bindLibrary } from '../../../src/kernel/binding.ts';
import { AF, POLL, SOCK } from '../../../src/kernel/constants.ts';
import { linuxKernel } from '../../../src/kernel/linux.ts';
import { fn } from '../../../src/kernel/signatures.ts';
import { descriptorMessage, ioVector, messageHeader, unixAddress } from '../../../src/kernel/structs.ts';

const [socketPath, log] = process.argv.slice(2) as [string, string];
const kernel = linuxKernel();
const libc = bindLibrary('libc.so.6', { recvmsg: fn('recvmsg', 'long', 'int', 'buffer', 'int') })!;
const HEADER = 32;
const QUESTION = 80;
const ANSWER = 24;
const CONTINUE = 1;
const EPERM = 1;

const listener = kernel.socket(AF.UNIX, SOCK.SEQPACKET | SOCK.CLOEXEC, 0);
kernel.bind(listener, unixAddress(socketPath));
kernel.listen(listener, 5);
appendFileSync(log, 'listening\n');
const peers = new Set<number>();
for (;;)
  for (const { fd } of kernel.poll(
    [listener, ...peers].map((watched) => ({ fd: watched, events: POLL.IN })),
    -1,
  )) {
    if (fd === listener) peers.add(kernel.accept(listener));
    else if (!serve(fd)) {
      peers.delete(fd);
      closeSync(fd);
    }
  }

function serve(peer: number): boolean {
  const chunk = Buffer.alloc(4096);
  const { length, descriptors } = receive(peer, chunk);
  if (length === 0) return false;
  const [folder, memory, notifier] = descriptors as [number, number, number];
  const cookie = chunk.subarray(HEADER + QUESTION + ANSWER, length).toString();
  const caller = chunk.readInt32LE(HEADER + 8);
  // struct seccomp_data: nr, arch, instruction pointer, six arguments.
  const nr = chunk.readInt32LE(HEADER + 16);
  const argument = (i: number) => Number(chunk.readBigUInt64LE(HEADER + 32 + i * 8));
  const MKDIR = 83;
  const path = textAt(memory, argument(process.arch === 'x64' && nr === MKDIR ? 0 : 1));
  const name = /^Name:\s*(.*)$/m.exec(readFileSync(`/proc/self/fd/${folder}/status`, 'latin1'))?.[1];
  appendFileSync(
    log,
    `${JSON.stringify({ path, name, caller, cookie, init: chunk.readInt32LE(12), monitor: chunk.readInt32LE(8), peer: kernel.peerCredentials(peer).pid, sizes: [16, 18, 20].map((at) => chunk.readUInt16LE(at)), cookieLength: Number(chunk.readBigUInt64LE(24)), id: chunk.readBigUInt64LE(HEADER + QUESTION) === chunk.readBigUInt64LE(HEADER) })}\n`,
  );
  for (const fd of [folder, memory, notifier]) closeSync(fd);
  if (path.includes('end')) process.exit(0);
  if (path.includes('silent')) return true;
  const answer = HEADER + QUESTION;
  if (path.includes('wrong')) chunk.writeBigUInt64LE(1n, answer);
  if (path.includes('deny')) chunk.writeInt32LE(-EPERM, answer + 16);
  else chunk.writeUInt32LE(CONTINUE, answer + 20);
  kernel.send(peer, chunk.subarray(0, HEADER + QUESTION + ANSWER));
  return true;
}

/** recvmsg(2) with up to three descriptors. */
function receive(peer: number, chunk: Buffer): { length: number; descriptors: number[] } {
  const vector = ioVector(kernel.addressOf(chunk), chunk.length);
  const control = descriptorMessage([0, 0, 0]).fill(0);
  const length = libc.recvmsg(
    peer,
    messageHeader(kernel.addressOf(vector), kernel.addressOf(control), control.length),
    0,
  );
  return { length, descriptors: [16, 20, 24].map((at) => control.readInt32LE(at)) };
}

function textAt(memory: number, address: number): string {
  const bytes = Buffer.alloc(256);
  readSync(memory, bytes, 0, bytes.length, address);
  return bytes.toString('latin1', 0, bytes.indexOf(0));
}
