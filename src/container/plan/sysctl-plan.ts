/** `lxc.sysctl.*`, and which of them are not the container's alone. */
import type { ContainerSpec } from '../../config/container-spec.ts';
import type { NamespaceName } from '../../config/values/namespace.ts';
import type { ErrorDetails } from '../../errors/tslxc-error.ts';
import type { StartStagePlan } from '../../stage/plan.ts';

/** The namespaces that kernel parameters belong to; all others are of the whole machine. */
const NAMESPACED: readonly (readonly [RegExp, NamespaceName])[] = [
  [/^net\./, 'net'],
  [/^kernel\.(hostname|domainname)$/, 'uts'],
  [/^(kernel\.(msg|sem|shm|auto_msgmni)\w*$|fs\.mqueue\.)/, 'ipc'],
  [/^kernel\.(ns_last_pid|pid_max)$/, 'pid'],
  [/^user\./, 'user'],
];

/** The namespace that a parameter belongs to; undefined for one of the whole machine. */
export function namespaceOfSysctl(name: string): NamespaceName | undefined {
  const dotted = name.replaceAll('/', '.');
  return NAMESPACED.find(([names]) => names.test(dotted))?.[1];
}

/**
 * @param kept namespaces that are the host's @param mapped it has a user namespace: the kernel
 *   refuses the others
 */
export function planSysctls(
  config: ContainerSpec,
  { kept, idmap }: { readonly kept: readonly NamespaceName[]; readonly idmap: readonly unknown[] },
  warn: (warning: ErrorDetails) => void,
): StartStagePlan['sysctls'] {
  return config.subtree('lxc.sysctl.').map(({ key, value, origin: { file, line } }) => {
    const name = key.slice('lxc.sysctl.'.length);
    const namespace = namespaceOfSysctl(name);
    if (idmap.length === 0 && (namespace === undefined || kept.includes(namespace)))
      warn({
        code: 'CONFIG_VALUE',
        message: `${key} changes the host: ${namespace === undefined ? 'the parameter belongs to no namespace' : `the container has the host's ${namespace} namespace`}`,
        file,
        line,
      });
    return { name, value, origin: { file, line } };
  });
}
