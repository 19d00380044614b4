import { BadValue } from './bad-value.ts';
import { meant } from './meant.ts';
import type { ValueType } from './value-type.ts';

/** An architecture: what `uname -m` says inside, and whether the personality is a 32-bit one. */
export interface Arch {
  /** The kernel's name for it, for instance `x86_64`; what `lxc-info -c lxc.arch` prints. */
  readonly machine: string;
  readonly bits: 32 | 64;
}

/** Kernel's name -> the names that a config may use for it (those of lxc.container.conf). */
const BITS_32: Readonly<Record<string, readonly string[]>> = {
  i686: ['i386', 'i486', 'i586', 'x86', 'athlon', 'linux32', 'x32'],
  armv7l: ['arm', 'armel', 'armhf'],
  mips: ['mipsel'],
  ppc: ['powerpc'],
};
const BITS_64: Readonly<Record<string, readonly string[]>> = {
  x86_64: ['amd64', 'linux64'],
  aarch64: ['arm64'],
  loongarch64: ['loong64'],
  mips64: ['mips64el'],
  ppc64: ['powerpc64'],
  ppc64le: ['ppc64el'],
  riscv64: [],
  s390x: [],
};

const ARCHITECTURES: ReadonlyMap<string, Arch> = new Map(
  (
    [
      [BITS_32, 32],
      [BITS_64, 64],
    ] as const
  ).flatMap(([names, bits]) =>
    Object.entries(names).flatMap(([machine, others]) =>
      [machine, ...others].map((name) => [name, { machine, bits }] as const),
    ),
  ),
);

export const arch: ValueType<Arch> = {
  name: 'ARCH',
  valid: `one of ${[...ARCHITECTURES.keys()].sort().join(' ')}`,
  parse(text) {
    const found = ARCHITECTURES.get(text);
    if (!found)
      throw new BadValue(`"${text}" is not an architecture${meant(text, [...ARCHITECTURES.keys()])}`);
    return found;
  },
  print: (value) => value.machine,
};
