/** Programs that pack a root filesystem; the first that is there is taken. */

import { TslxcError } from '../../errors/tslxc-error.ts';
import { toolIsThere } from '../../storage/filesystems.ts';

interface Compressor {
  readonly suffix: string;
  readonly program: string;
  /** For tar's -I when packing. */
  readonly pack: string;
}

const COMPRESSORS: readonly Compressor[] = [
  { suffix: 'zst', program: 'zstd', pack: 'zstd -q -T0' },
  { suffix: 'gz', program: 'gzip', pack: 'gzip -6' },
  { suffix: 'xz', program: 'xz', pack: 'xz -T0 -3' },
];

/** @param wanted a program of the list; without it the first one that this host has */
export function chooseCompressor(wanted?: string): Compressor {
  const known = COMPRESSORS.filter(({ program }) => wanted === undefined || program === wanted);
  if (known.length === 0)
    throw new TslxcError({
      code: 'USAGE',
      message: `"${wanted}" is no compressor that is known`,
      hint: `there are: ${COMPRESSORS.map(({ program }) => program).join(', ')}`,
    });
  const found = known.find(({ program }) => toolIsThere(program));
  if (found) return found;
  throw missing(known[0]!.program);
}

/** @throws TslxcError TOOL_MISSING, or STORAGE for a suffix that is not in the list */
export function compressorOf(suffix: string): Compressor {
  const found = COMPRESSORS.find((compressor) => compressor.suffix === suffix);
  if (!found)
    throw new TslxcError({
      code: 'STORAGE',
      message: `the archive is packed in a way that is not known (${suffix})`,
    });
  if (!toolIsThere(found.program)) throw missing(found.program);
  return found;
}

function missing(program: string): TslxcError {
  return new TslxcError({
    code: 'TOOL_MISSING',
    message: `${program} is not installed`,
    hint: `it is in the package ${program === 'xz' ? 'xz-utils' : program}`,
  });
}
