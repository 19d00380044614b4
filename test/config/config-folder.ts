import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ConfigReport, type LoadOptions, readConfig } from '../../src/config/load-config.ts';
import type { ErrorDetails } from '../../src/errors/tslxc-error.ts';

/** A folder with these files in it (path below it -> text), gone after the test. */
export function folderWith(t: TestContext, files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'tslxc-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Reads `text` as a config file. */
export function read(t: TestContext, text: string | Buffer, options: LoadOptions = {}): ConfigReport {
  return readConfig(join(folderWith(t, { config: text }), 'config'), { env: {}, ...options });
}

/** Reads `text`, in which there must be no fault. */
export function load(t: TestContext, text: string, options: LoadOptions = {}): ConfigReport['config'] {
  const { config, errors } = read(t, text, options);
  const [first] = errors;
  if (first) throw first;
  return config;
}

/** `CODE line:column message` of each error: all that a user needs to find it. */
export function located(errors: readonly ErrorDetails[]): string[] {
  return errors.map(({ code, line, column, message }) => `${code} ${line}:${column} ${message}`);
}
