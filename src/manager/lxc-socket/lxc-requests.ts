/** What each command of LXC's socket asks, and the answer: a row for each command. */
import type { State } from '../../container/state/state.ts';
import {
  COMMAND,
  cString,
  NO_STATE_YET,
  type Request,
  type Response,
  stateNumber,
  stateOfNumber,
  textOf,
} from './lxc-protocol.ts';

const EINVAL = -22;
const ENODATA = -61;
const EBADF = -9;
const EFAILED = -1;

/** A running container, as far as LXC's clients ask about it. */
export interface LxcTarget {
  readonly name: string;
  readonly lxcpath: string;
  state(): State;
  initPid(): number;
  /** -1 where init is gone. */
  initPidfd(): number;
  /** CLONE_NEW* of the namespaces that the container has of its own. */
  namespaces(): number;
  /**
   * Path in a hierarchy (a controller's, or the unified one) from its root, for the limits or for
   * the processes.
   */
  cgroupPath(controller: string | undefined, part: 'limits' | 'processes'): string | undefined;
  /** What `lxc-info -c KEY` prints; undefined for a key that is not set. */
  configItem(key: string): Promise<string | undefined>;
  /** The container's own devpts, or -1. */
  devpts(): number;
  /**
   * Takes a tty, or the console (0), until `release`; -1 asks for any. @throws Error where there is
   * none free
   */
  openTty(number: number): { readonly tty: number; readonly master: number; release(): void };
  /** What the console printed last; `clear` forgets it. */
  consoleLog(options: { readonly clear: boolean }): Buffer;
  kill(): Promise<void>;
  freeze(): Promise<void>;
  unfreeze(): Promise<void>;
}

/** A client's connection. */
export interface LxcConnection {
  /** Runs when the client is gone. */
  onClosed(work: () => void): void;
  /** Tells the client of the first of these states that the container enters. */
  awaitStates(states: ReadonlySet<number>): void;
  /** Tells the clients that wait for a state: another program has brought it about. */
  tell(state: State): void;
}

/**
 * `keep` leaves the connection open behind the response; `none` sends no response: the end of the
 * stream is one.
 */
export type Answer = Response & { readonly after?: 'close' | 'keep' | 'none' };

type Handler = (target: LxcTarget, request: Request, connection: LxcConnection) => Answer | Promise<Answer>;

const done = async (work: Promise<void>): Promise<Answer> =>
  work.then(
    () => ({}),
    () => ({ result: EFAILED }),
  );

function cgroup(part: 'limits' | 'processes'): Handler {
  return (target, { data }) => {
    const path = target.cgroupPath(textOf(data), part);
    return path === undefined ? { after: 'none' } : { data: cString(path) };
  };
}

export const HANDLERS: Readonly<Record<number, Handler>> = {
  [COMMAND.GET_STATE]: (target) => ({ data: stateNumber(target.state()) }),
  [COMMAND.GET_INIT_PID]: (target) => ({ data: target.initPid() }),
  [COMMAND.GET_INIT_PIDFD]: (target) => descriptor(target.initPidfd()),
  [COMMAND.GET_CLONE_FLAGS]: (target) => ({ data: target.namespaces() }),
  [COMMAND.GET_CGROUP]: cgroup('processes'),
  [COMMAND.GET_LIMIT_CGROUP]: cgroup('limits'),
  [COMMAND.GET_NAME]: (target) => ({ data: cString(target.name) }),
  [COMMAND.GET_LXCPATH]: (target) => ({ data: cString(target.lxcpath) }),
  [COMMAND.GET_DEVPTS_FD]: (target) => descriptor(target.devpts()),
  [COMMAND.TERMINAL_WINCH]: () => ({}),
  [COMMAND.FREEZE]: (target) => done(target.freeze()),
  [COMMAND.UNFREEZE]: (target) => done(target.unfreeze()),

  async [COMMAND.GET_CONFIG_ITEM](target, { data }) {
    const key = textOf(data);
    if (key === undefined) return { result: EINVAL };
    const value = await target.configItem(key).catch(() => undefined);
    return value === undefined ? { result: EFAILED } : { data: cString(value) };
  },

  [COMMAND.SERVE_STATE_CLIENTS](_target, { number }, connection) {
    const state = stateOfNumber(number);
    if (state === undefined) return { result: EINVAL };
    connection.tell(state);
    return {};
  },

  // The client waits for the end of the stream, which comes with the end of the container.
  async [COMMAND.STOP](target) {
    await target.kill();
    return { after: 'none' };
  },

  [COMMAND.ADD_STATE_CLIENT](target, { data }, connection) {
    if (data.length !== 4 * NO_STATE_YET) return { result: EINVAL };
    const wanted = new Set(
      Array.from({ length: NO_STATE_YET }, (_, n) => n).filter((n) => data.readInt32LE(4 * n) === 1),
    );
    const now = stateNumber(target.state());
    if (wanted.has(now)) return { result: now, data: now, after: 'keep' };
    connection.awaitStates(wanted);
    return { result: NO_STATE_YET, data: NO_STATE_YET, after: 'keep' };
  },

  [COMMAND.GET_TTY_FD](target, { number }, connection) {
    let opened: ReturnType<LxcTarget['openTty']>;
    try {
      opened = target.openTty(number);
    } catch {
      return { result: EBADF };
    }
    connection.onClosed(opened.release);
    return { data: opened.tty, descriptor: opened.master, after: 'keep' };
  },

  // struct lxc_cmd_console_log: bool clear, bool read, u64 read_max, bool write_logfile.
  [COMMAND.CONSOLE_LOG](target, { data }) {
    if (data.length < 16) return { result: EINVAL };
    const [clear, read] = [data[0] !== 0, data[1] !== 0];
    const most = data.readBigUInt64LE(8);
    const log = target.consoleLog({ clear });
    if (!read) return {};
    if (log.length === 0) return { result: ENODATA };
    return { data: most > 0n && most < BigInt(log.length) ? log.subarray(0, Number(most)) : log };
  },
};

function descriptor(fd: number): Answer {
  return fd < 0 ? { result: EBADF } : { descriptor: fd };
}
