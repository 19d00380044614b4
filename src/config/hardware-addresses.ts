import type { ConfigDocument } from './config-document.ts';
import { BadValue } from './values/bad-value.ts';
import { drawMac, type MacPattern, macPattern } from './values/mac.ts';

const HWADDR = /^lxc\.(?:net|network)\.(?:[0-9]+\.)?hwaddr$/;

function patternOf(value: string): MacPattern | undefined {
  try {
    return value === '' ? undefined : macPattern.parse(value, { env: undefined });
  } catch (error) {
    if (error instanceof BadValue) return undefined;
    throw error;
  }
}

/**
 * Gives the interfaces of a config hardware addresses that stay: a new container's open digits are drawn once, when
 * its config is written.
 * @param which `open`: only the digits written as x; `all`: also the last three bytes of complete addresses, for a
 * copy that must not have the addresses of its original
 * @param digit gives a number from 0 to 15
 * @returns how many addresses changed
 */
export function drawHardwareAddresses(
  document: ConfigDocument,
  which: 'open' | 'all',
  digit: () => number,
): number {
  let changed = 0;
  for (const setting of document.settings()) {
    const found = HWADDR.test(setting.key) ? patternOf(setting.value) : undefined;
    if (!found || (found.fixed && which === 'open')) continue;
    const pattern = found.fixed ? `${found.pattern.slice(0, 9)}xx:xx:xx` : found.pattern;
    document.rewriteLine(setting, setting.key, drawMac({ pattern, fixed: false }, digit));
    changed++;
  }
  return changed;
}
