/** `lxc.proc.*`: files of init's own directory in /proc, as the config sets them. */
import type { ContainerSpec } from '../../config/container-spec.ts';

export interface ProcFile {
  /** Below /proc/PID. */
  readonly path: string;
  readonly value: string;
  readonly key: string;
  readonly origin: { readonly file: string; readonly line: number };
}

export function planProcFiles(config: ContainerSpec): ProcFile[] {
  return config.subtree('lxc.proc.').map(({ key, value, origin: { file, line } }) => ({
    path: key.slice('lxc.proc.'.length).replaceAll('.', '/'),
    value,
    key,
    origin: { file, line },
  }));
}
