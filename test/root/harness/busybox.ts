import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerHost } from './container-host.ts';
import { run } from './run-command.ts';

/** Name of the container that the others are copied from. It is never started. */
const BASE = 'base';

const DEFAULT_CONFIG = 'lxc.net.0.type = empty\n';

/** Makes busybox containers: the template runs once, the rest are copies of what it made. */
export class Busybox {
  readonly #host: ContainerHost;
  #base: Promise<unknown> | undefined;

  constructor(host: ContainerHost) {
    this.#host = host;
  }

  /** The first one, made by tslxc-create from the template. */
  base(): Promise<unknown> {
    this.#base ??= (async () => {
      const config = join(this.#host.root, 'default.conf');
      writeFileSync(config, DEFAULT_CONFIG);
      await this.#host.ok('create', ['-n', `@${BASE}`, '-t', 'busybox', '-f', config]);
    })();
    return this.#base;
  }

  /** A stopped container with these lines at the end of its config. `directory`: not below the host's lxcpath. */
  async make(short: string, config = '', directory = this.#host.lxcpath): Promise<void> {
    await this.base();
    const host = this.#host;
    const from = join(host.lxcpath, host.name(BASE));
    const to = join(directory, host.name(short));
    rmSync(to, { recursive: true, force: true });
    mkdirSync(to, { mode: 0o755 });
    await run('cp', ['-a', '--reflink=auto', join(from, 'rootfs'), to]);
    const text = readFileSync(join(from, 'config'), 'utf8')
      .replaceAll(from, to)
      .replace(/^lxc\.uts\.name = .*$/m, `lxc.uts.name = ${short}`);
    writeFileSync(join(to, 'config'), `${text}${config}\n`);
  }

  /** Makes it and starts it. */
  async start(short: string, config = '', args: readonly string[] = []): Promise<void> {
    await this.make(short, config);
    await this.#host.ok('start', ['-n', `@${short}`, ...args]);
  }

  /** Puts the config back to what `make` wrote and adds these lines. */
  reconfigure(short: string, config: string): void {
    const file = this.#host.config(short);
    const original = `${file}.made`;
    if (!existsSync(original)) cpSync(file, original);
    writeFileSync(file, `${readFileSync(original, 'utf8')}${config}\n`);
  }
}
