import { connect } from 'node:net';
import type { ToKeep } from '../../container/start/start-host.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { RpcClient } from '../wire/rpc.ts';
import type { Ended, KeeperResult } from './keeper-protocol.ts';

/** The manager's line to its keeper. */
export class KeeperClient {
  readonly #rpc: RpcClient;
  readonly #kernel: Kernel;
  #pid = -1;
  #pidfd = -1;
  /** The build of the keeper's program; undefined if the keeper did not tell it. */
  build: string | undefined;
  /**
   * What the keeper holds from the time of an earlier manager: descriptors of the keeper's by
   * label.
   */
  kept: Readonly<Record<string, number>> = {};
  /** Ends of watched processes that no manager has acknowledged. */
  ended: readonly Ended[] = [];
  onEnded: (ended: Ended) => void = () => {};

  private constructor(kernel: Kernel, rpc: RpcClient) {
    this.#kernel = kernel;
    this.#rpc = rpc;
    rpc.onEvent = (message: { ended: Ended }) => this.onEnded(message.ended);
  }

  /** @throws when no keeper answers there */
  static async connect(kernel: Kernel, path: string): Promise<KeeperClient> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const client = new KeeperClient(kernel, new RpcClient(socket, 'the keeper', 'HELPER_DIED'));
    const hello = await client.#rpc.request<KeeperResult>('hello', { pid: process.pid });
    client.#pid = hello.pid!;
    client.#pidfd = kernel.pidfdOpen(hello.pid!);
    client.build = hello.build;
    client.kept = hello.kept!;
    client.ended = hello.ended!;
    return client;
  }

  set onEnd(listener: () => void) {
    this.#rpc.onEnd = listener;
  }

  /** A copy of a descriptor that the keeper holds. */
  copyOf(label: string): number | undefined {
    const fd = this.kept[label];
    return fd === undefined ? undefined : this.#kernel.pidfdGetfd(this.#pidfd, fd);
  }

  /** Copies of descriptors of process `pid`, and, with `watch`, how it ends. */
  async keep(pid: number, descriptors: readonly ToKeep[], watch = false): Promise<void> {
    await this.#rpc.request('keep', { pid, descriptors, watch });
  }

  async drop(prefix: string): Promise<void> {
    await this.#rpc.request('drop', { prefix });
  }

  async watch(pid: number): Promise<void> {
    await this.#rpc.request('watch', { pid });
  }

  async forget(pid: number): Promise<void> {
    await this.#rpc.request('forget', { pid });
  }

  async forkServer(control: number): Promise<number> {
    return (await this.#rpc.request<KeeperResult>('fork-server', { control })).pid!;
  }

  /**
   * Takes the ended keeper's status, if it was a child of this process: libuv knows nothing of it.
   */
  reap(): void {
    try {
      this.#kernel.wait(this.#pid, true);
    } catch {
      // An earlier manager's child.
    }
  }

  /** The keeper ends without an answer. */
  quit(): void {
    void this.end();
  }

  /** The same, and waits until it has. */
  async end(): Promise<void> {
    await this.#rpc.request('quit').catch(() => {});
  }

  /** Hangs up; the keeper waits for another manager. */
  close(): void {
    this.#rpc.socket.destroy();
  }
}
