import { dirname, join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';

/**
 * `LOWER[:LOWER…]:UPPER` of an overlay, the topmost lower first, as LXC and the kernel write it.
 */
export interface OverlayParts {
  readonly lowers: readonly string[];
  readonly upper: string;
}

/** Undefined when it is no such list. */
export function splitOverlay(path: string): OverlayParts | undefined {
  const parts = path.split(':');
  const upper = parts.pop();
  return upper && parts.length > 0 && parts.every((part) => part !== '')
    ? { lowers: parts, upper }
    : undefined;
}

export function joinOverlay({ lowers, upper }: OverlayParts): string {
  return [...lowers, upper].join(':');
}

export interface OverlayLayers extends OverlayParts {
  /** Where the kernel prepares changes: beside `upper`, on the same filesystem, as LXC has it. */
  readonly work: string;
}

/** @throws TslxcError CONFIG_VALUE */
export function overlayLayers(path: string): OverlayLayers {
  const parts = splitOverlay(path);
  if (!parts || [...parts.lowers, parts.upper].some((part) => !part.startsWith('/'))) {
    throw new TslxcError({
      code: 'CONFIG_VALUE',
      message: `"${path}" is no overlay`,
      hint: 'it is written overlay:LOWER:UPPER with absolute paths, or overlay:LOWER:LOWER2:UPPER with several lower directories, the topmost first',
    });
  }
  return { ...parts, work: join(dirname(parts.upper), 'work') };
}

/**
 * In the options of an overlay, a colon, comma or backslash in a path has a backslash in front of
 * it.
 */
export function escapeForOverlay(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&');
}
