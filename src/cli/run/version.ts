import { readFileSync } from 'node:fs';
import type { CalledAs } from '../parse/called-as.ts';

/** Put in by the bundler; the sources run unbundled read it from package.json. */
declare const TSLXC_VERSION: string | undefined;

export function version(): string {
  if (typeof TSLXC_VERSION === 'string') return TSLXC_VERSION;
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/**
 * The LXC whose behaviour the names `lxc-*` have. Programs compare it: below 1.1 they leave out
 * `-F`.
 */
export const LXC_VERSION = '5.0.2';

/** What `--version` prints. */
export function versionAs(as: CalledAs): string {
  return as === 'lxc' ? LXC_VERSION : version();
}
