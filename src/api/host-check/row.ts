import type { CgroupLayout } from '../../cgroup/layout.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { HostView } from '../../util/host-view.ts';

/** What a row is looked for in. */
export interface Host {
  readonly kernel: Kernel;
  readonly view: HostView;
  readonly layout: CgroupLayout;
  readonly lxcpath: string;
  /** Capabilities that this process has, as bits. */
  readonly capabilities: bigint;
}

/** True or false, or with words about it; undefined where it can not be known. */
export type Finding = boolean | undefined | { readonly found: boolean | undefined; readonly detail: string };

/** One thing that a host may have. */
export interface Row {
  readonly section: string;
  readonly name: string;
  /** No container can start without it. */
  readonly required?: true;
  readonly look: (host: Host) => Finding;
  /** What can not be done without it. */
  readonly cost: string;
  /** How to get it. */
  readonly remedy: string;
}

/** A program in any of these names. */
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

/** All that are looked for have to be there; the first that is not tells. */
export function every(...looks: readonly Row['look'][]) {
  return (host: Host): Finding => {
    const findings = looks.map((look) => look(host));
    return findings.find((finding) => !isThere(finding)) ?? findings[0];
  };
}

export function isThere(finding: Finding): boolean | undefined {
  return typeof finding === 'object' ? finding.found : finding;
}
