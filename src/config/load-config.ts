import { resolve } from 'node:path';
import { MOST_FAULTS } from '../errors/map-all.ts';
import { type TslxcError, together } from '../errors/tslxc-error.ts';
import { ConfigTexts } from './config-texts.ts';
import { ContainerConfig } from './container-config.ts';
import { packageFolder } from './include-path.ts';
import type { ConfigWarning } from './setting.ts';
import { SettingStore } from './setting-store.ts';
import { SettingsReader } from './settings-reader.ts';

export interface LoadOptions {
  /** The container's name, for errors to carry. */
  readonly name?: string | undefined;
  /** `KEY=VALUE` settings of the command line (`-s`), applied after the file. */
  readonly defines?: readonly string[] | undefined;
  /** Stands for /usr/share/tslxc where that does not exist; by default the package's own folder. */
  readonly shareDir?: string | undefined;
  /**
   * Where a bare `lxc.environment = NAME` finds its value; without one such a line has an empty
   * value.
   */
  readonly env?: Readonly<NodeJS.ProcessEnv> | undefined;
  /**
   * The files' texts: to go by the same ones when the config is loaded again, or by other texts
   * than the files'.
   */
  readonly texts?: ConfigTexts | undefined;
  /** Lines to pass over, as `FILE:LINE`. */
  readonly without?: ReadonlySet<string> | undefined;
  /**
   * Where a relative `file`, and relative includes of the command line, start; `/` when not given.
   */
  readonly cwd?: string | undefined;
}

/** What reading gives whether or not there are faults. */
export interface ConfigReport {
  /** What could be read; settings at fault are left out. */
  readonly config: ContainerConfig;
  /** In the order of reading. */
  readonly errors: readonly TslxcError[];
}

/**
 * Reads a config file and everything that it includes, and reports all faults at once. Does not
 * throw.
 */
export function readConfig(file: string, options: LoadOptions = {}): ConfigReport {
  const errors: TslxcError[] = [];
  const warnings: ConfigWarning[] = [];
  const fault = (error: TslxcError) => {
    if (errors.length < MOST_FAULTS)
      errors.push(options.name ? error.with({ container: options.name }) : error);
  };
  const passedOver: TslxcError[] = [];
  const store = new SettingStore({ env: options.env }, fault, (what) => passedOver.push(what));
  const shareDir = options.shareDir ?? packageFolder();
  const cwd = options.cwd ?? '/';
  const reader = new SettingsReader({
    store,
    texts: options.texts ?? new ConfigTexts(),
    shareDir,
    cwd,
    fault,
    warn: (warning) => warnings.push(warning),
    ...(options.without ? { without: options.without } : {}),
  });
  const absolute = resolve(cwd, file);
  // A stack trace costs more than a line, and a fault of a config has no use for it.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    reader.readFile(absolute);
    for (const [index, define] of (options.defines ?? []).entries()) reader.readDefine(define, index + 1);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const config = new ContainerConfig(absolute, store, warnings);
  // The last line of the key decides for the lines above it as well.
  for (const what of passedOver)
    if (config.get('lxc.strict')?.value) fault(what);
    else warnings.push({ message: what.message, hint: undefined, file: what.file!, line: what.line! });
  return { config, errors };
}

/**
 * Reads a config file. Throws the first fault as a TslxcError (CONFIG_*, with file, line, column
 * and hint) that has all others along (`also`).
 */
export function loadConfig(file: string, options: LoadOptions = {}): ContainerConfig {
  const { config, errors } = readConfig(file, options);
  const fault = together(errors);
  if (fault) throw fault;
  return config;
}
