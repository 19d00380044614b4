/**
 * A place of a test file's own: container directory, run directory and so a manager of its own. At the end everything is
 * stopped and removed, and it is an error when anything was left that a user would have had to clean up.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, afterEach } from 'node:test';
import {
  cgroupsOf,
  interfaces,
  isAlive,
  mountsOf,
  type ProcessView,
  portsOf,
  processesIn,
  processesOf,
} from './leftovers.ts';
import { Terminal, type TerminalOptions } from './pty.ts';
import { BIN, type Result, type RunOptions, run, sh } from './run-command.ts';
import { eventually, seconds } from './slow.ts';
import { unmountViews } from './views.ts';

export const isRoot = process.getuid?.() === 0;
/** For `test(name, { skip })`. */
export const skip = isRoot ? false : 'needs root';

export interface HostOptions {
  /** Seconds that an idle manager stays. */
  readonly idle?: number;
  /** Stop every container after each test, which also has to leave nothing else behind. */
  readonly eachTest?: boolean;
  /** Do not end with the test file: the caller disposes. */
  readonly manual?: boolean;
  /** A container directory elsewhere, which exists and stays. */
  readonly lxcpath?: string;
}

let hosts = 0;

export class ContainerHost {
  readonly root: string;
  readonly lxcpath: string;
  readonly rundir: string;
  /** In the name of every container of this host: what finds its cgroups among those of others. */
  readonly mark: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #bridges: string[] = [];
  readonly #terminals: Terminal[] = [];
  #disposed = false;

  constructor(options: HostOptions = {}) {
    this.mark = `t${process.pid.toString(36)}${hosts++}`;
    // /var/tmp: a real file system where /tmp may be a small tmpfs. Others may pass, as in /var/lib.
    this.root = isRoot ? mkdtempSync('/var/tmp/tslxc-test-') : '';
    if (isRoot) chmodSync(this.root, 0o755);
    this.lxcpath = options.lxcpath ?? join(this.root, 'lxc');
    this.rundir = join(this.root, 'run');
    if (isRoot) mkdirSync(this.lxcpath, { recursive: true });
    this.env = { TSLXC_RUNDIR: this.rundir, TSLXC_IDLE_SECONDS: String(options.idle ?? 30) };
    if (!isRoot || options.manual) return;
    if (options.eachTest) afterEach(() => this.stopAll(), { timeout: seconds(120) });
    after(() => this.dispose(), { timeout: seconds(120) });
  }

  /** The full name of a container: `short` is only unique in this host. */
  name(short: string): string {
    return `${this.mark}-${short}`;
  }

  /** Runs `tslxc-COMMAND -P LXCPATH ARGS`; words like `@web` become the full name of the container `web`. */
  tslxc(command: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Result> {
    return run(join(BIN, `tslxc-${command}`), this.#arguments(command, args), {
      ...options,
      env: { ...this.env, ...options.env },
    });
  }

  #arguments(command: string, args: readonly string[]): string[] {
    const named = args.map((arg) => (/^@[\w-]+$/.test(arg) ? this.name(arg.slice(1)) : arg));
    return command === 'net' || command === 'config' ? named : ['-P', this.lxcpath, ...named];
  }

  /** A shell on a terminal, as a user has it. */
  shellTerminal(shell = '/bin/sh', args: readonly string[] = []): Terminal {
    const terminal = new Terminal(shell, args, { env: { ...this.env, PS1: '$ ' } });
    this.#terminals.push(terminal);
    return terminal;
  }

  /** The same, and it has to succeed; its standard output. */
  async ok(command: string, args: readonly string[] = [], options: RunOptions = {}): Promise<string> {
    const result = await this.tslxc(command, args, options);
    assert.equal(
      result.code,
      0,
      `tslxc-${command} ${args.join(' ')}: ${result.code ?? result.signal}\n${result.stderr}${result.stdout}`,
    );
    return result.stdout;
  }

  /** The same on a terminal. */
  terminal(command: string, args: readonly string[], options: TerminalOptions = {}): Terminal {
    return this.command(join(BIN, `tslxc-${command}`), this.#arguments(command, args), options);
  }

  /** Any program on a terminal, with this host's environment. */
  command(file: string, args: readonly string[], options: TerminalOptions = {}): Terminal {
    const terminal = new Terminal(file, args, {
      ...options,
      env: { ...this.env, ...options.env },
    });
    this.#terminals.push(terminal);
    return terminal;
  }

  /** Runs a shell command in a container; it has to succeed; what it printed, trimmed. */
  async inside(short: string, command: string): Promise<string> {
    return (await this.ok('attach', ['-n', `@${short}`, '--', '/bin/sh', '-c', command])).trim();
  }

  async state(short: string): Promise<string> {
    return (await this.ok('info', ['-n', `@${short}`, '-s', '-H'])).trim();
  }

  async initPid(short: string): Promise<number> {
    return Number((await this.ok('info', ['-n', `@${short}`, '-p', '-H'])).trim());
  }

  /** Kills the container; one that does not run is as good. */
  async kill(short: string): Promise<void> {
    const { code, stderr } = await this.tslxc('stop', ['-n', `@${short}`, '-k']);
    assert.ok(code === 0 || code === 2, `stop -k: ${code} ${stderr}`);
  }

  config(short: string): string {
    return join(this.lxcpath, this.name(short), 'config');
  }

  rootfs(short: string): string {
    return join(this.lxcpath, this.name(short), 'rootfs');
  }

  /** A bridge of this host's own with the address `NET.1/24`, in a net that no other test has now. Removed at the end. */
  async bridge(): Promise<{ readonly name: string; readonly net: string }> {
    const number = this.#bridges.length;
    const name = `${this.mark.slice(-10)}b${number}`;
    this.#bridges.push(name);
    const net = `10.${200 + ((process.pid >> 8) & 31)}.${(process.pid + number) & 255}`;
    await sh(
      `ip link add ${name} type bridge && ip addr add ${net}.1/24 dev ${name} && ip link set ${name} up`,
    );
    return { name, net };
  }

  /** Processes of the manager's own: `tslxcd`, `tslxc-keeper`, `tslxc-forkserver`, `tslxc-spawner` and what they run. */
  processes(): ProcessView[] {
    return processesOf(this.rundir);
  }

  #titled(title: string): ProcessView[] {
    return this.processes().filter((process) => process.title.startsWith(title));
  }

  managerPid(): number | undefined {
    return this.#titled('tslxcd')[0]?.pid;
  }

  keeperPid(): number | undefined {
    return this.#titled('tslxc-keeper')[0]?.pid;
  }

  /** The fork server, not the spares that it has forked (which bear its name). */
  forkServerPid(): number | undefined {
    const named = this.#titled('tslxc-forkserver');
    return named.find(({ parent }) => !named.some(({ pid }) => pid === parent))?.pid;
  }

  /** Kills processes of ours and waits until they are gone. */
  async killProcesses(...pids: (number | undefined)[]): Promise<void> {
    for (const pid of pids) if (pid !== undefined) tryKill(pid);
    await eventually('killed processes are gone', () =>
      pids.every((pid) => pid === undefined || !isAlive(pid)),
    );
  }

  /** What there is besides container directories and an idle manager. Empty when no container runs. */
  leftovers(): string[] {
    const run = existsSync(this.rundir) ? walk(this.rundir) : [];
    return [
      ...processesIn(this.mark).map(({ pid, title }) => `process ${pid} ${title}`),
      ...cgroupsOf(this.mark).map((path) => `cgroup ${path}`),
      ...mountsOf(this.root).map((path) => `mount ${path}`),
      ...this.#bridges.flatMap((bridge) => portsOf(bridge).map((port) => `interface ${port} on ${bridge}`)),
      ...run.filter((path) => /\/(journal|state\.json(\.new)?)$/.test(path)).map((path) => `file ${path}`),
    ];
  }

  /** @throws AssertionError naming what is left; the kernel gets a moment to clear dead namespaces away */
  async assertNothingLeft(what = 'nothing is left'): Promise<void> {
    const end = Date.now() + seconds(5);
    let left = this.leftovers();
    while (left.length > 0 && Date.now() < end) {
      await new Promise((done) => setTimeout(done, 20));
      left = this.leftovers();
    }
    assert.deepEqual(left, [], what);
  }

  /** Asks an idle manager to go, and waits until all its processes have. */
  async endManager(): Promise<void> {
    await quit(join(this.rundir, 'manager.sock'));
    // A keeper without a manager stays for ten seconds.
    await eventually(
      `the manager's processes end: ${this.processes()
        .map(({ pid, title }) => `${pid} ${title}`)
        .join(', ')}`,
      () => this.processes().length === 0,
      seconds(20),
    );
  }

  /** Kills whatever runs; then nothing may be left but the container directories and an idle manager. */
  async stopAll(): Promise<void> {
    for (const terminal of this.#terminals.splice(0)) terminal.close();
    try {
      await this.#killRunning();
      await this.assertNothingLeft('after all containers were stopped');
    } catch (error) {
      // By force, so that one fault is one failed test and not that of all the tests after it.
      for (const { pid } of processesIn(this.mark)) tryKill(pid);
      await this.#killRunning().catch(() => {});
      throw error;
    }
  }

  async #killRunning(): Promise<void> {
    for (const lxcpath of this.#lxcpaths()) {
      const active = (await this.ok('ls', ['-1', '--active', '-P', lxcpath])).split('\n');
      for (const name of active.map((line) => line.trim()).filter(Boolean)) {
        const { code, stderr } = await this.tslxc('stop', ['-n', name, '-k', '-P', lxcpath]);
        assert.ok(code === 0 || code === 2, `tslxc-stop -n ${name} -k: ${stderr}`);
      }
    }
  }

  /** Container directories that this host's manager has had to do with. */
  #lxcpaths(): string[] {
    return globSync(join(this.rundir, 'containers/*/lxcpath')).map((file) =>
      readFileSync(file, 'utf8').trim(),
    );
  }

  /** Stops everything, ends the manager, removes all; then tells what should not have been there. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    const faults: string[] = [];
    const attempt = async (work: () => Promise<unknown> | unknown) => {
      try {
        await work();
      } catch (error) {
        faults.push((error as Error).message);
      }
    };
    await attempt(() => this.stopAll());
    // A container with the default config has started the default bridge.
    if (existsSync(join(this.rundir, 'net/state.json'))) await attempt(() => this.ok('net', ['stop']));
    // A killed manager's socket stays until the next one; one that leaves takes its own along.
    const leaves = this.managerPid() !== undefined;
    await attempt(() => this.endManager());
    if (leaves)
      await attempt(() =>
        assert.deepEqual(
          walk(this.rundir).filter((path) => path.endsWith('.sock')),
          [],
          'sockets after the manager has gone',
        ),
      );
    await this.#sweep();
    if (faults.length > 0) throw new Error(`not clean at the end:\n${faults.join('\n')}`);
  }

  /** By force, whatever state things are in. */
  async #sweep(): Promise<void> {
    for (let round = 0; round < 50; round++) {
      const processes = [...this.processes(), ...processesIn(this.mark)];
      if (processes.length === 0) break;
      for (const { pid } of processes) tryKill(pid);
      await new Promise((done) => setTimeout(done, 20));
    }
    for (const path of cgroupsOf(this.mark)) await run('rmdir', [path]);
    for (const path of mountsOf(this.root)) await run('umount', ['-l', path]);
    unmountViews(this.root);
    for (const name of this.#bridges) {
      for (const port of portsOf(name)) await run('ip', ['link', 'del', port]);
      if (interfaces().includes(name)) await run('ip', ['link', 'del', name]);
    }
    await run('chattr', ['-R', '-f', '-i', '-a', this.root]);
    rmSync(this.root, { recursive: true, force: true });
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

function walk(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** One line of the manager's protocol; no manager there is fine. */
function quit(path: string): Promise<void> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.on('error', () => done());
    socket.on('connect', () => socket.write('{"id":1,"op":"quit"}\n'));
    socket.on('data', () => {
      socket.destroy();
      done();
    });
    socket.on('close', () => done());
  });
}

/** What the container's own log and the manager's say: for the message of a failed test. */
export function logsOf(host: ContainerHost): string {
  const file = join(host.rundir, 'tslxcd.log');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
