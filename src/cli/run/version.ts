import { readFileSync } from 'node:fs';

/** Put in by the bundler; the sources run unbundled read it from package.json. */
declare const TSLXC_VERSION: string | undefined;

export function version(): string {
  if (typeof TSLXC_VERSION === 'string') return TSLXC_VERSION;
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
