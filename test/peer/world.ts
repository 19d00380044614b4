/** The same containers twice: made by LXC's template, and used by LXC and by us in turn. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BIN, type Result, run } from '../root/harness/run-command.ts';
import type { PeerCase } from './peer-case.ts';

export type Side = 'lxc' | 'tslxc';
export const SIDES: readonly Side[] = ['lxc', 'tslxc'];

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

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
    for (const side of SIDES) mkdirSync(this.lxcpath(side));
    const made = await this.command('lxc', ['create', '-n', '@stopped', '-t', 'busybox', '-f', config]);
    if (made.code !== 0) throw new Error(`lxc-create: ${made.stderr}`);
    for (const side of SIDES)
      for (const name of ['stopped', 'run']) {
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
    const [command, ...rest] = line as [string, ...string[]];
    const args = rest.map((word) => (/^@[a-z]+$/.test(word) ? this.name(word.slice(1)) : word));
    const path = WITHOUT_LXCPATH.has(command) ? [] : ['-P', this.lxcpath(side)];
    const program = side === 'lxc' ? `lxc-${command}` : join(BIN, `tslxc-${command}`);
    return run(program, [...path, ...args], { input, env: this.#env });
  }

  async outcome(side: Side, { lines, input, normalise = (text) => text }: PeerCase): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const line of lines) {
      const { code, stdout, stderr } = await this.command(side, line, input);
      const text = stdout.replaceAll(this.lxcpath(side), 'LXCPATH').replaceAll(this.#mark, '');
      outcomes.push({ code, stdout: normalise(text), stderr });
    }
    return outcomes;
  }

  async dispose(): Promise<void> {
    for (const side of SIDES)
      for (const name of ['@run', '@stopped']) await this.command(side, ['stop', '-n', name, '-k']);
    rmSync(this.root, { recursive: true, force: true });
  }
}
