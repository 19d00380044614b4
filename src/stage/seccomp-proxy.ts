/**
 * Who decides about system calls that a seccomp policy puts to a proxy: a process of its own,
 * between the kernel and the proxy, from the start of the container to its end. It needs no
 * manager, so that the container's calls are answered while there is none.
 *
 * The protocol is LXC's, over a seqpacket unix socket (SECCOMP_NOTIFY_PROXY): for each call a
 * message of a header, the kernel's question, an answer to be filled in, and the cookie; with it
 * descriptors of the caller's /proc/PID, its memory, and the listener. The proxy sends header,
 * question and answer back.
 */
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { AF, AT, O, POLL, SOCK } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { unixAddress } from '../kernel/structs.ts';
import type { StageChannel } from './channel.ts';
import type { ProxyStagePlan } from './plan.ts';

/**
 * `struct seccomp_notify_proxy_msg`: reserved (8), monitor pid (4), init pid (4), three sizes (6 +
 * 2), cookie size (8).
 */
const HEADER = 32;
/** `struct seccomp_notif`, `seccomp_notif_resp` and `seccomp_data`. */
const QUESTION = 80;
const ANSWER = 24;
const DATA = 64;
/** To an answer: `error` is at 16. */
const ERROR = 16;
const ENOSYS = 38;

/** Serves until nothing is left that the filter is on. */
export function proxyStage(
  kernel: Kernel,
  channel: StageChannel,
  plan: ProxyStagePlan,
  { listener }: { readonly listener: number },
): never {
  process.title = 'tslxc-seccomp-proxy';
  const desk = new Desk(kernel, plan, listener);
  try {
    desk.connect();
  } catch (error) {
    const failure = toTslxcError(error, 'SECCOMP_POLICY');
    if (!plan.mustAnswer) return serveAll(kernel, channel, desk);
    channel.fail(
      new TslxcError({
        ...failure.toJSON(),
        ...plan.origin,
        message: `nobody answers at ${plan.socket}, which is to decide about system calls: ${failure.errno ?? failure.message}`,
        step: 'reach the seccomp proxy',
        hint: 'start the proxy before the container, or clear lxc.seccomp.notify.proxy with an empty value',
      }).toJSON(),
    );
    return kernel.exit(1);
  }
  return serveAll(kernel, channel, desk);
}

function serveAll(kernel: Kernel, channel: StageChannel, desk: Desk): never {
  channel.send({ type: 'ready' });
  kernel.close(channel.fd);
  while (desk.serve());
  return kernel.exit(0);
}

/** Questions on their way to the proxy and answers on their way back. */
class Desk {
  readonly #kernel: Kernel;
  readonly #plan: ProxyStagePlan;
  readonly #listener: number;
  readonly #cookie: Buffer;
  readonly #chunk = Buffer.alloc(65536);
  /** Ids of the questions that the proxy has not answered. */
  readonly #open = new Set<bigint>();
  #proxy = -1;

  constructor(kernel: Kernel, plan: ProxyStagePlan, listener: number) {
    this.#kernel = kernel;
    this.#plan = plan;
    this.#listener = listener;
    this.#cookie = Buffer.from(plan.cookie);
  }

  connect(): void {
    const socket = this.#kernel.socket(AF.UNIX, SOCK.SEQPACKET | SOCK.CLOEXEC, 0);
    try {
      this.#kernel.connect(socket, unixAddress(this.#plan.socket));
      this.#proxy = socket;
    } catch (error) {
      this.#kernel.close(socket);
      throw error;
    }
  }

  /** Waits for something to happen. @returns false at the end of all that could ask */
  serve(): boolean {
    const watched = [this.#listener, ...(this.#proxy >= 0 ? [this.#proxy] : [])];
    for (const { fd, events } of this.#kernel.poll(
      watched.map((fd) => ({ fd, events: POLL.IN })),
      -1,
    )) {
      if (fd === this.#proxy) this.#takeAnswer();
      else if (events & POLL.IN) this.#takeQuestion();
      else return false;
    }
    return true;
  }

  #takeQuestion(): void {
    let question: Buffer;
    try {
      question = this.#kernel.takeNotification(this.#listener);
    } catch {
      // The caller was killed meanwhile.
      return;
    }
    const id = question.readBigUInt64LE(0);
    try {
      // A proxy that went away may be back.
      if (this.#proxy < 0) this.connect();
      this.#ask(id, question);
      this.#open.add(id);
    } catch {
      this.#refuse(id);
      this.#hangUp();
    }
  }

  #ask(id: bigint, question: Buffer): void {
    const kernel = this.#kernel;
    const opened: number[] = [];
    const open = (dirfd: number, path: string, flags: number) => {
      opened.push(kernel.openat2(dirfd, path, flags, 0, 0));
      return opened.at(-1)!;
    };
    try {
      const process = open(AT.FDCWD, `/proc/${question.readUInt32LE(8)}`, O.RDONLY | O.DIRECTORY);
      const memory = open(process, 'mem', O.RDWR);
      // Its number may be another process's by now; if not, what was opened is its own.
      kernel.checkNotification(this.#listener, id);
      kernel.sendDescriptors(this.#proxy, this.#message(id, question), [process, memory, this.#listener]);
    } finally {
      for (const fd of opened) kernel.close(fd);
    }
  }

  #message(id: bigint, question: Buffer): Buffer {
    const header = Buffer.alloc(HEADER);
    header.writeInt32LE(this.#kernel.pid(), 8);
    header.writeInt32LE(this.#plan.init, 12);
    [QUESTION, ANSWER, DATA].forEach((size, i) => {
      header.writeUInt16LE(size, 16 + i * 2);
    });
    header.writeBigUInt64LE(BigInt(this.#cookie.length), 24);
    return Buffer.concat([header, question, answerTo(id, 0), this.#cookie]);
  }

  #takeAnswer(): void {
    let length = 0;
    try {
      length = this.#kernel.recv(this.#proxy, this.#chunk);
    } catch {
      // As good as gone.
    }
    const answer = Buffer.from(this.#chunk.subarray(HEADER + QUESTION, HEADER + QUESTION + ANSWER));
    const id = answer.readBigUInt64LE(0);
    // The request is gone, or the answer belongs to no request.
    if (length < HEADER + QUESTION + ANSWER || !this.#open.delete(id)) this.#hangUp();
    else this.#answer(answer);
  }

  /** Unanswered requests fail as if the system call did not exist. */
  #hangUp(): void {
    for (const id of this.#open) this.#refuse(id);
    this.#open.clear();
    if (this.#proxy >= 0) this.#kernel.close(this.#proxy);
    this.#proxy = -1;
  }

  #refuse(id: bigint): void {
    this.#answer(answerTo(id, -ENOSYS));
  }

  #answer(answer: Buffer): void {
    try {
      this.#kernel.answerNotification(this.#listener, answer);
    } catch (error) {
      // ENOENT: the caller was killed while it waited. Any other error: an invalid answer, and the
      // caller still waits.
      if ((error as { code?: string }).code !== 'ENOENT') this.#refuse(answer.readBigUInt64LE(0));
    }
  }
}

function answerTo(id: bigint, error: number): Buffer {
  const answer = Buffer.alloc(ANSWER);
  answer.writeBigUInt64LE(id, 0);
  answer.writeInt32LE(error, ERROR);
  return answer;
}
