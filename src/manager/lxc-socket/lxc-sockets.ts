/**
 * The command sockets of the running containers, where `lxc.compat.socket` of the system file asks
 * for them.
 */
import { loadSystemConfig } from '../../config/system-config.ts';
import type { ContainerRef } from '../../container/state/paths.ts';
import type { State } from '../../container/state/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { ContainerMonitor } from '../monitor/container-monitor.ts';
import { LxcSocket } from './lxc-socket.ts';
import { lxcTarget } from './lxc-target.ts';

/** States in which a container has processes, and so a socket. */
const OPEN = new Set<State>(['RUNNING', 'FREEZING', 'FROZEN', 'THAWED', 'STOPPING', 'ABORTING']);

export class LxcSockets {
  readonly #kernel: Kernel;
  readonly #sockets = new Map<string, Promise<LxcSocket | undefined>>();
  readonly #onTrouble: (ref: ContainerRef, error: Error) => void;

  constructor(kernel: Kernel, onTrouble: (ref: ContainerRef, error: Error) => void) {
    this.#kernel = kernel;
    this.#onTrouble = onTrouble;
  }

  /**
   * Follows a container into a state; call again for each state that it enters, and after its
   * adoption.
   */
  follow(monitor: ContainerMonitor, state: State): void {
    const { ref } = monitor;
    const key = `${ref.lxcpath}/${ref.name}`;
    if (!this.#sockets.has(key) && state === 'RUNNING' && this.#areWanted(ref))
      this.#sockets.set(key, this.#open(monitor));
    const socket = this.#sockets.get(key);
    if (!socket) return;
    const ended = !OPEN.has(state) && state !== 'STARTING';
    if (ended) this.#sockets.delete(key);
    void socket.then((opened) => {
      opened?.stateChanged(state);
      if (ended) opened?.close();
    });
  }

  #areWanted(ref: ContainerRef): boolean {
    try {
      return loadSystemConfig().get('lxc.compat.socket') === '1';
    } catch (error) {
      this.#onTrouble(ref, error as Error);
      return false;
    }
  }

  async #open(monitor: ContainerMonitor): Promise<LxcSocket | undefined> {
    try {
      return await LxcSocket.open(this.#kernel, lxcTarget(monitor));
    } catch (error) {
      this.#onTrouble(monitor.ref, error as Error);
      return undefined;
    }
  }
}
