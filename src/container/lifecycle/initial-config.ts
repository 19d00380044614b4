/** The config that a new container starts with, before its template adds to it. */
import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { ConfigDocument } from '../../config/config-document.ts';
import { parseDocument } from '../../config/document-file.ts';
import { type GivenConfig, textsOf } from '../../config/given-config.ts';
import { packageFolder } from '../../config/include-path.ts';
import { loadConfig } from '../../config/load-config.ts';
import { loadSystemConfig } from '../../config/system-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { macFault, resolveMac } from '../../network/mac-address.ts';

/**
 * The file that `-f` names, else the host's default config, else the one that comes with tslxc.
 * @throws TslxcError CONFIG_READ when the system file names one that is not there
 */
export function initialConfigFile(given?: string): string {
  if (given !== undefined) return resolve(given);
  const system = loadSystemConfig();
  const ofHost = system.defaultConfig;
  const origin = system.origin('lxc.default_config');
  // A file that the user named must exist.
  if (origin && !existsSync(ofHost))
    throw new TslxcError({
      code: 'CONFIG_READ',
      message: `lxc.default_config: ${ofHost} does not exist`,
      ...origin,
      errno: 'ENOENT',
      hint: 'name a file that is there, or remove the line',
    });
  return existsSync(ofHost) ? ofHost : join(packageFolder(), 'config', 'default.conf');
}

/**
 * Checks the config (CONFIG_* errors name file and line) and fixes values that are drawn once for
 * each container: an `x` in a MAC address becomes a digit. A relative include, which starts at the
 * directory of the file, becomes absolute.
 */
export function initialConfig(given: GivenConfig, name: string): ConfigDocument {
  const { file, folder } = given;
  loadConfig(file, { name, texts: textsOf(given) });
  const document = parseDocument(file, Buffer.from(given.base64, 'base64'));
  for (const setting of document.settings()) {
    if (/^lxc\.net(\.\d+|work(\.\d+)?)\.hwaddr$/.test(setting.key) && isMacTemplate(setting.value))
      document.rewriteLine(setting, setting.key, resolveMac(setting.value));
    if (setting.key === 'lxc.include' && setting.value !== '' && !isAbsolute(setting.value))
      document.rewriteLine(setting, setting.key, resolve(folder, setting.value));
  }
  return document;
}

function isMacTemplate(value: string): boolean {
  return /x/i.test(value) && macFault(value) === undefined;
}
