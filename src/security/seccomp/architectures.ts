/**
 * Words of a policy for architectures, and libseccomp's token of each (its seccomp.h,
 * linux/audit.h).
 */
export const ARCHITECTURES: Readonly<Record<string, number>> = {
  x86: 0x40000003,
  x86_64: 0xc000003e,
  x32: 0x4000003e,
  arm: 0x40000028,
  arm64: 0xc00000b7,
  loongarch64: 0xc0000102,
  mips: 0x8,
  mips64: 0x80000008,
  mips64n32: 0xa0000008,
  mipsel: 0x40000008,
  mipsel64: 0xc0000008,
  mipsel64n32: 0xe0000008,
  ppc: 0x14,
  ppc64: 0x80000015,
  ppc64le: 0xc0000015,
  riscv64: 0xc00000f3,
  s390: 0x16,
  s390x: 0x80000016,
};

/** Architectures whose programs a kernel runs, its own first. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  x64: ['x86_64', 'x86', 'x32'],
  arm64: ['arm64', 'arm'],
};

/** Architectures of this machine, beginning with the kernel's own. */
export function hostArchitectures(arch: string = process.arch): readonly string[] {
  return RUNS[arch] ?? [];
}
