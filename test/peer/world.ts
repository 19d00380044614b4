/** The same containers twice: made by LXC's template, and used by LXC and by us in turn. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BASE_ENV, BIN, type Result, run } from '../root/harness/run-command.ts';
import type { PeerCase } from './peer-case.ts';

export type Side = 'lxc' | 'tslxc';
export const SIDES: readonly Side[] = ['lxc', 'tslxc'];

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const SETTLED_MS = 2000;

/** Tools that take no container directory. */
const WITHOUT_LXCPATH = new Set(['config', 'unshare', 'usernsexec', 'update-config', 'checkconfig']);

export class PeerWorld {
  readonly root = mkdtempSync('/var/tmp/tslxc-peer-');
  readonly #mark = `p${process.pid.toString(36)}`;
  readonly #env: NodeJS.ProcessEnv = {
    TSLXC_RUNDIR: join(this.root, 'run'),
    TSLXC_IDLE_SECONDS: '5',
  };

  name(short: string): string {
    return `${this.#mark}${short}`;
  }

  lxcpath(side: Side): string {
    return join(this.root, side);
  }

  async prepare(): Promise<void> {
    const config = join(this.root, 'default.conf');
    writeFileSync(config, 'lxc.net.0.type = empty\n');
    mkdirSync(join(this.root, 'bin'));
    for (const side of SIDES) mkdirSync(this.lxcpath(side));
    const made = await this.command('lxc', ['create', '-n', '@stopped', '-t', 'busybox', '-f', config]);
    if (made.code !== 0) throw new Error(`lxc-create: ${made.stderr}`);
    for (const side of SIDES)
      for (const name of ['stopped', 'run', 'client']) {
        if (side === 'lxc' && name === 'stopped') continue;
        this.#copy(side, name);
      }
    for (const side of SIDES) {
      const started = await this.command(side, ['start', '-n', '@run']);
      if (started.code !== 0) throw new Error(`${side}-start: ${started.stderr}`);
    }
  }

  #copy(side: Side, short: string): void {
    const from = join(this.lxcpath('lxc'), this.name('stopped'));
    const to = join(this.lxcpath(side), this.name(short));
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    const config = readFileSync(join(to, 'config'), 'utf8')
      .replaceAll(from, to)
      .replaceAll(this.name('stopped'), this.name(short));
    writeFileSync(join(to, 'config'), config);
  }

  command(side: Side, line: readonly string[], input = ''): Promise<Result> {
    const [program, args] = this.#call(side, line);
    return run(program, args, { input, env: this.#env });
  }

  #call(side: Side, line: readonly string[]): [program: string, args: string[]] {
    const [command, ...rest] = line as [string, ...string[]];
    const args = rest.map((word) => {
      if (word === '@config') return join(this.root, 'default.conf');
      return /^@[a-z]+$/.test(word) ? this.name(word.slice(1)) : word;
    });
    const path = WITHOUT_LXCPATH.has(command) ? [] : ['-P', this.lxcpath(side)];
    const program = side === 'lxc' ? `lxc-${command}` : this.#link(command);
    return [program, [...path, ...args]];
  }

  /** A folder with all our commands by LXC's names. */
  links(): string {
    for (const name of readdirSync(BIN))
      if (name.startsWith('tslxc-')) this.#link(name.slice('tslxc-'.length));
    return join(this.root, 'bin');
  }

  /** Ours by LXC's name: what programs that drive LXC call. */
  #link(command: string): string {
    const link = join(this.root, 'bin', `lxc-${command}`);
    if (!existsSync(link)) symlinkSync(join(BIN, 'tslxc'), link);
    return link;
  }

  async outcome(side: Side, one: PeerCase): Promise<Outcome[]> {
    const { lines, input, normalise = (text) => text } = one;
    const ofBoth = (text: string) =>
      normalise(text.replaceAll(this.lxcpath(side), 'LXCPATH').replaceAll(this.#mark, ''));
    const outcomes: Outcome[] = [];
    const beside = one.beside && (await this.#begin(side, one.beside));
    for (const line of lines) {
      const { code, stdout, stderr } = await this.command(side, line, input);
      outcomes.push({ code, stdout: ofBoth(stdout), stderr });
    }
    if (beside) outcomes.push({ code: null, stdout: ofBoth(await beside()), stderr: '' });
    return outcomes;
  }

  /** @returns what ends it and gives all that it printed */
  async #begin(side: Side, line: readonly string[]): Promise<() => Promise<string>> {
    const [program, args] = this.#call(side, line);
    const child = spawn(program, args, {
      env: { ...BASE_ENV, ...this.#env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    // Neither side tells when it listens, nor that nothing more comes.
    await delay(SETTLED_MS);
    return async () => {
      await delay(SETTLED_MS);
      child.kill('SIGTERM');
      return text;
    };
  }

  async dispose(): Promise<void> {
    for (const side of SIDES)
      for (const name of ['@run', '@stopped', '@made']) await this.command(side, ['stop', '-n', name, '-k']);
    rmSync(this.root, { recursive: true, force: true });
  }
}
