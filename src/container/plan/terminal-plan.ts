import type { ContainerSpec } from '../../config/container-spec.ts';
import type { StartStagePlan } from '../../stage/plan.ts';
import { standardStream } from '../../util/standard-stream.ts';

/** Default size of the ring that a late `tslxc-console -t 0` shows, bytes. */
const CONSOLE_RING = 65536;

/** What the manager does with the console's output. */
export interface ConsolePlan {
  /**
   * `lxc.console.path = none`: there is no console, and a start in the foreground hands over the
   * caller's own streams.
   */
  readonly none?: true;
  /** `lxc.console.logfile`, or what the command line said instead. */
  readonly log?: string;
  /**
   * The log file is a stream of the caller's: a start in the foreground shows the console there,
   * another one has none.
   */
  readonly stream?: 1 | 2;
  /** Limit of that file, bytes; 0 for none. */
  readonly size: number;
  readonly rotate: boolean;
  /** How much is kept in memory, bytes. */
  readonly ring: number;
  /** What the console is joined to: a file or a terminal of the host (`lxc.console.path`). */
  readonly path?: string;
  readonly pathOrigin?: { readonly file: string; readonly line: number };
}

export interface TerminalPlan {
  readonly console: ConsolePlan;
  readonly stage: Pick<StartStagePlan, 'ptyMax' | 'ttys' | 'ttyDir' | 'console'>;
}

/** /dev/console, the ttys and /dev/pts. `log`: the file of `tslxc-start -L`. */
export function planTerminals(config: ContainerSpec, log: string | undefined): TerminalPlan {
  const ttys = config.get('lxc.tty.max')?.value ?? 0;
  const ptys = config.get('lxc.pty.max')?.value ?? 0;
  const path = config.get('lxc.console.path');
  const console = path?.value !== 'none';
  const file = log ?? config.get('lxc.console.logfile')?.value;
  const stream = standardStream(file ?? '');
  return {
    console: {
      ...(console ? {} : { none: true }),
      ...(stream === undefined ? {} : { stream }),
      ...(file && file !== 'none' && stream === undefined ? { log: file } : {}),
      size: config.get('lxc.console.size')?.value ?? 0,
      rotate: Boolean(config.get('lxc.console.rotate')?.value),
      ring: config.get('lxc.console.buffer.size')?.value || CONSOLE_RING,
      ...(path && console ? { path: path.value, pathOrigin: path.origin } : {}),
    },
    stage: {
      // The console and the ttys are ptys of the container's own devpts, beyond what it may open
      // itself.
      ptyMax: ttys + ptys + (console ? 1 : 0),
      ttys,
      ttyDir: config.get('lxc.tty.dir')?.value ?? '',
      console,
    },
  };
}
