import { dirname } from 'node:path';
import type { ContainerSpec } from '../../config/container-spec.ts';
import { packageFolder, resolveInclude } from '../../config/include-path.ts';
import type { Setting } from '../../config/setting.ts';
import { type ErrorDetails, TslxcError } from '../../errors/tslxc-error.ts';
import type { ProxyStagePlan, SeccompLoad } from '../../stage/plan.ts';

/** What a policy file comes to on this host. */
export interface CompiledPolicy {
  /** Instructions in base64. */
  readonly filter: string;
  readonly notifies: boolean;
  /** Rules that do nothing: their system call is unknown. */
  readonly unknown: readonly { readonly call: string | number; readonly line: number }[];
}

/** What the host has to say about filters. */
export interface SeccompHost {
  /** Whether this process is under a filter already. */
  readonly filtered: boolean;
  /**
   * @throws TslxcError SECCOMP_POLICY, TOOL_MISSING, or an error of the file's with its errno as
   *   `code`
   */
  compile(file: string): CompiledPolicy;
}

export interface SeccompPlan {
  readonly file: string;
  readonly load: SeccompLoad;
  /** Who is asked about the system calls that the policy puts to a proxy. */
  readonly proxy?: Omit<ProxyStagePlan, 'init' | 'mustAnswer'>;
}

/**
 * The filter of the container's processes; undefined where the config has none.
 * @throws TslxcError about the policy, with file and line
 */
export function planSeccomp(
  config: ContainerSpec,
  host: SeccompHost,
  warn: (warning: ErrorDetails) => void,
): SeccompPlan | undefined {
  const profile = config.get('lxc.seccomp.profile');
  if (!profile) return undefined;
  const { file: configFile, line } = profile.origin;
  if (host.filtered && !config.get('lxc.seccomp.allow_nesting')?.value) {
    warn({
      code: 'NOT_SUPPORTED',
      message: `tslxc is under a seccomp filter already: ${profile.value} is left out`,
      file: configFile,
      line,
      hint: '`lxc.seccomp.allow_nesting = 1` adds it to the one that is in force',
    });
    return undefined;
  }
  const path = resolveInclude(profile.value, dirname(configFile), packageFolder());
  const { filter, notifies, unknown } = compile(path, host, { file: configFile, line });
  for (const rule of unknown)
    warn({
      code: 'SECCOMP_POLICY',
      message: `libseccomp does not know the system call "${rule.call}": the rule has no effect`,
      file: path,
      line: rule.line,
    });
  const socket = config.get('lxc.seccomp.notify.proxy');
  const cookie = config.get('lxc.seccomp.notify.cookie');
  if (notifies && !socket)
    warn({
      code: 'SECCOMP_POLICY',
      message: 'the policy puts system calls to a proxy, and there is none: they fail with ENOSYS',
      file: configFile,
      line,
      hint: 'name its socket: `lxc.seccomp.notify.proxy = unix:/run/proxy.sock`',
    });
  return {
    file: path,
    // Without a listener the kernel answers ENOSYS by itself.
    load: { filter, notify: notifies && socket !== undefined },
    ...(notifies && socket ? { proxy: proxyOf(socket, cookie?.value ?? '') } : {}),
  };
}

function proxyOf({ value, origin: { file, line } }: Setting<string>, cookie: string) {
  return { socket: value, cookie, origin: { file, line } };
}

function compile(
  policy: string,
  host: SeccompHost,
  origin: { readonly file: string; readonly line: number },
): CompiledPolicy {
  try {
    return host.compile(policy);
  } catch (error) {
    if (error instanceof TslxcError) throw error.with(origin);
    const errno = (error as NodeJS.ErrnoException).code;
    throw new TslxcError({
      code: 'CONFIG_READ',
      message: `the seccomp policy ${policy} cannot be read: ${errno}`,
      ...origin,
      errno,
      hint: 'correct lxc.seccomp.profile, or clear it with an empty value',
      cause: error,
    });
  }
}
