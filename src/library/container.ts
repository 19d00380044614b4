/**
 * A container as a program sees it. Each method loads its part of tslxc when it is called first.
 */
import { Container as Engine } from '../api/container.ts';
import type { ErrorDetails } from '../errors/tslxc-error.ts';
import { ownContext } from '../util/request-context.ts';
import { abortable } from './abortable.ts';
import { NotFoundError } from './errors.ts';
import { linesOf } from './settings.ts';
import type * as types from './types.ts';

const STOP_SECONDS = 60;

/**
 * A system container by its name; it need not exist yet. Methods reject with a {@link TslxcError}.
 *
 * @example const web = await Container.create('web', { template: 'debian', settings: { memory:
 *   '2G', cpus: 1 } }); await web.start(); const { stdout } = await web.exec(['systemctl',
 *   'is-system-running', '--wait']);
 */
export class Container implements AsyncDisposable {
  readonly #engine: Engine;
  /** Set for a throw-away container: releases it. */
  #release: (() => void) | undefined;

  /** @throws TslxcError NAME_INVALID */
  constructor(name: string, { lxcpath }: types.ContainerOptions = {}) {
    this.#engine = lxcpath === undefined ? new Engine(name) : new Engine(name, lxcpath);
  }

  get name(): string {
    return this.#engine.name;
  }

  /** Directory that holds the container's own directory. */
  get lxcpath(): string {
    return this.#engine.lxcpath;
  }

  /** Path of the container's config file. */
  get configFile(): string {
    return this.#engine.configFile;
  }

  /**
   * Makes a container by a template. A failure, a kill or the signal leaves nothing behind.
   * @throws TslxcError NAME_INVALID, CONTAINER_EXISTS, TEMPLATE_MISSING, TEMPLATE_FAILED,
   *   CONFIG_VALUE, DISK_FULL
   */
  static async create(name: string, options: types.CreateOptions): Promise<Container> {
    const container = new Container(name, options);
    const lines = linesOf(options.settings);
    await container.#engine.create({
      template: options.template,
      quiet: true,
      ...(options.templateArgs ? { templateArgs: options.templateArgs } : {}),
      ...(options.config === undefined ? {} : { config: options.config }),
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.onStep ? { onStep: (text) => options.onStep?.(text) } : {}),
      ...(options.onLine ? { onLine: (text) => options.onLine?.(text) } : {}),
    });
    try {
      await container.#apply(lines);
    } catch (error) {
      await container.destroy();
      throw error;
    }
    return container;
  }

  /**
   * A running throw-away container: a copy of an image or of another container that shares its
   * files. The container is destroyed by `await using` at the end of the block, when it stops, and
   * when this process ends or is killed.
   *
   * @example
   * await using box = await Container.ephemeral({ image: 'busybox' });
   * @throws TslxcError what create, copy and start throw
   */
  static async ephemeral(options: types.EphemeralOptions): Promise<Container> {
    const { ephemeralContainer } = await import('./ephemeral.ts');
    const { startBound } = await import('../api/start-bound.ts');
    const container = new Container(await ephemeralContainer(options), options);
    try {
      const { release } = await startBound(ownContext(), container.#engine);
      container.#release = release;
      options.signal?.throwIfAborted();
    } catch (error) {
      await container.#engine.destroy({ force: true }).catch(() => {});
      throw error;
    }
    return container;
  }

  /** Whether the container is defined: its config file exists. */
  exists(): boolean {
    return this.#engine.defined();
  }

  async state(): Promise<types.State> {
    return (await this.#engine.info({ config: false })).state;
  }

  /** The known facts about the container. Starts and changes nothing. */
  async info(): Promise<types.ContainerInfo> {
    const { ips, state, name, pid, autostart, groups, unprivileged, ...rest } = await this.#engine.info({
      statistics: true,
      addresses: true,
    });
    const { memoryBytes, cpuNanoseconds, oomKills } = rest;
    const use = { memoryBytes, cpuNanoseconds, oomKills };
    return { name, state, pid, addresses: ips, autostart, groups, unprivileged, ...use };
  }

  /**
   * Writes settings into the container's config. A running container keeps what it has until its
   * next start.
   * @throws TslxcError CONTAINER_MISSING, CONTAINER_BUSY, CONFIG_VALUE, CONFIG_UNKNOWN_KEY
   */
  async configure(settings: types.Settings): Promise<void> {
    await this.#apply(linesOf(settings));
  }

  /**
   * Boots the container; resolves when its init runs.
   * @throws TslxcError CONTAINER_MISSING, ALREADY_RUNNING, CONFIG_*, ROOTFS_MISSING, INIT_MISSING,
   *   START_FAILED
   */
  async start(options: types.StartOptions = {}): Promise<types.StartResult> {
    const defines = linesOf(options.settings).map(([key, value]) => `${key}=${value}`);
    const init = options.init ? { init: options.init } : {};
    return await abortable(this.#engine.start({ defines, ...init }), options.signal);
  }

  /** @throws TslxcError NOT_RUNNING, STOP_TIMEOUT */
  async stop({ mode = 'shutdown', timeout = STOP_SECONDS, signal }: types.StopOptions = {}): Promise<void> {
    await abortable(this.#engine.stop({ mode, timeout }), signal);
  }

  /**
   * Resolves with the state once the container is in it, or in one of several; with undefined at
   * the time limit. A container that does not exist counts as STOPPED.
   */
  async wait(
    states: types.State | readonly types.State[],
    { timeout = -1, signal }: types.WaitOptions = {},
  ): Promise<types.State | undefined> {
    const wanted = typeof states === 'string' ? [states] : states;
    return await abortable(this.#engine.wait(wanted, timeout), signal);
  }

  /** Stops all processes of the container where they are. */
  async freeze(): Promise<void> {
    await this.#engine.freeze();
  }

  async unfreeze(): Promise<void> {
    await this.#engine.unfreeze();
  }

  /**
   * Runs a program in the container to its end. A program that fails is no error: look at
   * `exitCode`.
   * @throws ExecError for a program that cannot be run; StateError for a container that does not
   *   run
   */
  async exec(command: readonly string[], options: types.RunOptions = {}): Promise<types.ExecResult> {
    return await (await import('./exec.ts')).run(this.#engine, command, options);
  }

  /**
   * Begins a program in the container; its streams are Node's.
   * @throws ExecError, StateError
   */
  async spawn(command: readonly string[], options: types.ExecOptions = {}): Promise<types.ContainerProcess> {
    return await (await import('./exec.ts')).spawn(this.#engine, command, options);
  }

  /**
   * A file of the running container, read by the container's own `cat`.
   * @param path absolute path inside
   * @throws ExecError (errno ENOENT: there is no such file), StateError
   */
  async readFile(path: string, options: types.Cancellable = {}): Promise<Buffer> {
    return await (await import('./files.ts')).readFile(this.#engine, path, options);
  }

  /**
   * Writes a file of the running container, as its root, through the container's own shell; the
   * file is replaced.
   * @param path absolute path inside; its directory has to exist
   * @param mode permissions, as `0o644`
   */
  async writeFile(
    path: string,
    data: string | Uint8Array,
    options: types.Cancellable & { readonly mode?: number } = {},
  ): Promise<void> {
    await (await import('./files.ts')).writeFile(this.#engine, path, data, options);
  }

  /** What happens to this container, until the loop is left or the signal aborts. */
  async *events({ signal }: types.Cancellable = {}): AsyncGenerator<types.ContainerEvent, void> {
    const { events } = await import('./events.ts');
    for await (const event of events({ lxcpaths: [this.lxcpath], signal }))
      if (event.name === this.name) yield event;
  }

  /**
   * A snapshot of the stopped container; costs nothing on a plain directory. @throws StateError,
   * TslxcError DISK_FULL
   */
  async snapshot(options: types.Cancellable = {}): Promise<types.Snapshot> {
    return toSnapshot(await this.#engine.snapshot(options.signal ? { signal: options.signal } : {}));
  }

  async snapshots(): Promise<types.Snapshot[]> {
    return (await this.#engine.snapshots()).map(toSnapshot);
  }

  /**
   * Brings a snapshot back in place of this container, or as a new container.
   * @throws NotFoundError, StateError, AlreadyExistsError
   */
  async restore(snapshot: string, options: { readonly as?: string } = {}): Promise<Container> {
    await this.#engine.restore(snapshot, options.as === undefined ? {} : { newName: options.as });
    return new Container(options.as ?? this.name, { lxcpath: this.lxcpath });
  }

  /** @throws NotFoundError; TslxcError HAS_DEPENDANTS */
  async destroySnapshot(snapshot: string): Promise<void> {
    await this.#engine.destroySnapshot(snapshot);
  }

  /**
   * Copies the stopped container under a new name.
   * @param options.share share files with the original instead of copying them; default true
   * @throws NotFoundError, AlreadyExistsError, StateError
   */
  async copy(
    name: string,
    options: types.Cancellable & { readonly share?: boolean } = {},
  ): Promise<Container> {
    const to = new Container(name, { lxcpath: this.lxcpath });
    await this.#engine.copy(to.#engine, {
      snapshot: options.share ?? true,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    return to;
  }

  /** @throws AlreadyExistsError, StateError */
  async rename(name: string): Promise<Container> {
    await this.#engine.rename(name);
    return new Container(name, { lxcpath: this.lxcpath });
  }

  /** Removes the container with everything that belongs to it. @throws NotFoundError, StateError */
  async destroy(options: types.DestroyOptions = {}): Promise<void> {
    await this.#engine.destroy({
      ...(options.force === undefined ? {} : { force: options.force }),
      ...(options.snapshots === undefined ? {} : { snapshots: options.snapshots }),
    });
  }

  /** Why the last start failed or how the last run ended, as an object of plain data. */
  async why(): Promise<{ readonly failed?: ErrorDetails; readonly ended?: string }> {
    const { failed, ended } = await this.#engine.why();
    const { reasonText } = await import('../container/state/end-reason.ts');
    return {
      ...(failed ? { failed: failed.error } : {}),
      ...(ended ? { ended: reasonText(ended.reason) } : {}),
    };
  }

  /** A throw-away container is killed and destroyed; any other is left as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    const release = this.#release;
    if (!release) return;
    this.#release = undefined;
    try {
      await this.destroy({ force: true });
    } catch (error) {
      // The manager removes an ephemeral container when it stops, and may have done so already.
      if (!(error instanceof NotFoundError)) throw error;
    } finally {
      release();
    }
  }

  async #apply(lines: ReturnType<typeof linesOf>): Promise<void> {
    if (lines.length > 0) await (await import('./apply-settings.ts')).applySettings(this.#engine, lines);
  }
}

function toSnapshot({ name, timestamp, comment }: { name: string; timestamp: string; comment?: string }) {
  const [date = '', time = ''] = timestamp.split(' ');
  return { name, created: new Date(`${date.replaceAll(':', '-')}T${time}`), comment };
}
