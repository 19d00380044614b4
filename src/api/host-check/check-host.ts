import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { detectLayout } from '../../cgroup/layout.ts';
import { linuxKernel } from '../../kernel/linux.ts';
import { HostView } from '../../util/host-view.ts';
import { type Host, isThere } from './row.ts';
import { ROWS } from './rows.ts';

export interface HostCheckItem {
  readonly section: string;
  readonly name: string;
  /** Whether no container can start without it. */
  readonly required: boolean;
  readonly status: 'enabled' | 'missing' | 'unknown';
  readonly detail?: string;
  /** If it is missing or unknown: what does not work without it, and how to get it. */
  readonly cost?: string;
  readonly remedy?: string;
}

/** The parts of a host that tslxc uses, present and missing. */
export interface HostCheck {
  readonly kernel: string;
  readonly architecture: string;
  /** Whether a container could start. */
  readonly ready: boolean;
  readonly items: readonly HostCheckItem[];
}

/**
 * Checks everything of this host that tslxc uses. Changes nothing and loads no kernel module.
 * @param lxcpath container directory; if it is missing, its parent is checked
 * @param kernelConfig configuration of a kernel to check instead of the running one's
 */
export function checkHost(lxcpath: string, kernelConfig?: string): HostCheck {
  const kernel = linuxKernel();
  let directory = lxcpath;
  while (!existsSync(directory)) directory = dirname(directory);
  const host: Host = {
    kernel,
    view: new HostView(kernelConfig),
    layout: detectLayout(),
    lxcpath: directory,
    capabilities: kernel.getCapabilities().effective,
  };
  const items = ROWS.map(({ section, name, required = false, look, cost, remedy }): HostCheckItem => {
    const finding = found(() => look(host));
    const there = isThere(finding);
    const detail = typeof finding === 'object' ? finding.detail : undefined;
    return {
      section,
      name,
      required,
      status: there === undefined ? 'unknown' : there ? 'enabled' : 'missing',
      ...(detail === undefined ? {} : { detail }),
      ...(there === true ? {} : { cost, remedy }),
    };
  });
  const ready = !items.some(({ required, status }) => required && status === 'missing');
  return { kernel: release(), architecture: process.arch, ready, items };
}

/** A check that throws has found that the part is missing. */
function found(look: () => ReturnType<(typeof ROWS)[number]['look']>): ReturnType<typeof look> {
  try {
    return look();
  } catch (error) {
    return { found: false, detail: (error as Error).message };
  }
}
