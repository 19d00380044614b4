/** Random operations on containers while processes of the manager are killed and its files damaged. */
import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Busybox } from '../root/harness/busybox.ts';
import type { ContainerHost } from '../root/harness/container-host.ts';
import { isAlive } from '../root/harness/leftovers.ts';
import type { Result } from '../root/harness/run-command.ts';
import { delay, seconds } from '../root/harness/slow.ts';

/** Numbers that a seed decides: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface ChaosOptions {
  readonly seed: number;
  readonly steps: number;
  readonly log: (line: string) => void;
}

const NAMES = ['a', 'b', 'c'];
/** Longer than this no command may take, seconds. */
const HUNG = 40;
/** Words that no user is to read: bare errno names and lines of a stack. */
const RAW = /\b(ESRCH|EBADF|EMFILE|EAGAIN|ECONNREFUSED|EPIPE|KernelError)\b|^\s+at .*:\d+:\d+/m;

const COMMANDS: Readonly<Record<string, (name: string) => readonly string[]>> = {
  start: (name) => ['-n', `@${name}`],
  stop: (name) => ['-n', `@${name}`, '-k'],
  shutdown: (name) => ['-n', `@${name}`, '-t', '10'],
  reboot: (name) => ['-n', `@${name}`, '-r', '-t', '10'],
  attach: (name) => ['-n', `@${name}`, '--', '/bin/true'],
  freeze: (name) => ['-n', `@${name}`],
  unfreeze: (name) => ['-n', `@${name}`],
  info: (name) => ['-n', `@${name}`],
  ls: () => ['-f'],
};
const PROGRAMS: Readonly<Record<string, string>> = { shutdown: 'stop', reboot: 'stop' };
/** Commands after which the init that ran before may be gone. */
const ENDS = new Set(['stop', 'shutdown', 'reboot', 'start']);

export class Chaos {
  readonly #host: ContainerHost;
  readonly #options: ChaosOptions;
  readonly #random: () => number;
  readonly #faults: string[] = [];
  /** Containers that were asked to end by a command that did not see it: they may end at any time. */
  readonly #asked = new Set<string>();

  constructor(host: ContainerHost, options: ChaosOptions) {
    this.#host = host;
    this.#options = options;
    this.#random = randomOf(options.seed);
  }

  /** @returns what was lost, hung, leaked, or told in raw words; nothing when all went well */
  async run(): Promise<readonly string[]> {
    const busybox = new Busybox(this.#host);
    for (const name of NAMES) await busybox.make(name);
    for (let step = 1; step <= this.#options.steps && this.#faults.length === 0; step++)
      await this.#step(step);
    await this.#host.stopAll().catch((error: Error) => this.#fault('at the end', error.message));
    return this.#faults;
  }

  #fault(where: string, what: string): void {
    this.#faults.push(`seed ${this.#options.seed}, ${where}: ${what}`);
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)]!;
  }

  async #step(step: number): Promise<void> {
    const command = this.#pick(Object.keys(COMMANDS));
    const name = this.#pick(NAMES);
    const evil = this.#pick([...Object.keys(this.#evils), '', '', '']);
    const when = this.#random() * 300;
    const before = await this.#inits();
    const [result] = await Promise.all([this.#tslxc(command, name), this.#after(when, evil)]);
    const words = `${step}. ${command} ${name}${evil && `, ${evil}`}`;
    this.#options.log(`${words}: ${result.code ?? result.signal} in ${Math.round(result.ms)} ms`);
    this.#judge(words, result);
    if (ENDS.has(command)) {
      if (result.code === 0) this.#asked.delete(name);
      else this.#asked.add(name);
    }
    for (const [other, init] of before) {
      const mayEnd = (other === name && ENDS.has(command)) || this.#asked.has(other);
      if (!mayEnd && !isAlive(init)) this.#fault(words, `${other} is lost`);
    }
    for (const [other, init] of before) if (isAlive(init)) await this.#mustBeShown(words, other);
  }

  #judge(words: string, { code, signal, stderr, stdout }: Result): void {
    // The command itself may be the process that was killed; one that hangs is ended by `run`, with an error.
    const victim = signal === 'SIGKILL' && words.includes('is killed');
    if ((code === null && !victim) || code === 124 || code === 137) this.#fault(words, `it hung: ${stderr}`);
    if (RAW.test(stderr) || RAW.test(stdout)) this.#fault(words, stderr || stdout);
  }

  async #mustBeShown(words: string, name: string): Promise<void> {
    const { stdout } = await this.#host.tslxc('info', ['-n', `@${name}`, '-s', '-H']);
    if (/^(STOPPED|)$/.test(stdout.trim())) this.#fault(words, `${name} runs and is shown ${stdout.trim()}`);
  }

  async #after(milliseconds: number, evil: string): Promise<void> {
    await delay(milliseconds);
    this.#evils[evil]?.();
  }

  #tslxc(command: string, name: string): Promise<Result> {
    const program = PROGRAMS[command] ?? command;
    return this.#host.tslxc(program, COMMANDS[command]!(name), { timeout: seconds(HUNG) });
  }

  /** The init of each container that runs. */
  async #inits(): Promise<Map<string, number>> {
    const inits = new Map<string, number>();
    for (const name of NAMES) {
      const { stdout } = await this.#host.tslxc('info', ['-n', `@${name}`, '-p', '-H']);
      const pid = Number(stdout.trim());
      if (pid > 0 && isAlive(pid)) inits.set(name, pid);
    }
    return inits;
  }

  readonly #evils: Readonly<Record<string, () => void>> = {
    'the manager is killed': () => this.#kill('tslxcd'),
    'the keeper is killed': () => this.#kill('tslxc-keeper'),
    'the fork server is killed': () => this.#kill('tslxc-forkserver'),
    'a spawner is killed': () => this.#kill('tslxc-spawner'),
    'any process is killed': () => this.#kill(''),
    'a record is cut short': () => this.#damage('state.json', (file) => truncateSync(file, 50)),
    'a record is gone': () => this.#damage('state.json', (file) => rmSync(file)),
    'a plan is damaged': () => this.#damage('plan.json', (file) => writeFileSync(file, '{"x":1}')),
    'a journal is damaged': () => this.#damage('journal', (file) => writeFileSync(file, '{"kind"\n')),
  };

  #kill(title: string): void {
    const victims = this.#host.processes().filter((process) => process.title.startsWith(title));
    if (victims.length === 0) return;
    try {
      process.kill(this.#pick(victims).pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }

  #damage(name: string, how: (file: string) => void): void {
    const root = join(this.#host.rundir, 'containers');
    const files = entries(root).flatMap((path) =>
      entries(path).flatMap((directory) => entries(directory).filter((file) => file.endsWith(`/${name}`))),
    );
    if (files.length === 0) return;
    try {
      how(this.#pick(files));
    } catch {
      // It has just been removed.
    }
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name));
  } catch {
    return [];
  }
}
