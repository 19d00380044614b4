import type { CgroupLayout } from '../../cgroup/layout.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { HostView } from '../../util/host-view.ts';

/** The sources of the checks. */
export interface Host {
  readonly kernel: Kernel;
  readonly view: HostView;
  readonly layout: CgroupLayout;
  readonly lxcpath: string;
  /** Capabilities of this process, as bits. */
  readonly capabilities: bigint;
}

/** Whether the part is present, alone or with a remark; undefined if that cannot be known. */
export type Finding = boolean | undefined | { readonly found: boolean | undefined; readonly detail: string };

/** A part that a host may have. */
export interface Row {
  readonly section: string;
  readonly name: string;
  /** No container can start without the part. */
  readonly required?: true;
  readonly look: (host: Host) => Finding;
  /** What does not work without the part. */
  readonly cost: string;
  /** How to get the part. */
  readonly remedy: string;
}

/** A program, under any of these names. */
export function program(...names: readonly string[]) {
  return ({ view }: Host): Finding => {
    const path = names.map((name) => view.program(name)).find(Boolean);
    return path ? { found: true, detail: path } : false;
  };
}

/** A part of the kernel that may be a module. */
export function part(module: string, option: string) {
  return ({ view }: Host): Finding => {
    const presence = view.part(module, option);
    if (presence === 'unknown') return undefined;
    return presence === 'absent'
      ? false
      : { found: true, detail: presence === 'loadable' ? 'not loaded' : presence };
  };
}

/** All of the parts must be present; the first missing part is reported. */
export function every(...looks: readonly Row['look'][]) {
  return (host: Host): Finding => {
    const findings = looks.map((look) => look(host));
    return findings.find((finding) => !isThere(finding)) ?? findings[0];
  };
}

export function isThere(finding: Finding): boolean | undefined {
  return typeof finding === 'object' ? finding.found : finding;
}
