import type { NamespaceName } from '../config/values/namespace.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { NAMESPACE_FLAG } from '../security/namespaces.ts';

/**
 * Enters a foreign namespace and closes the descriptor. A pid namespace only children
 * enter.
 */
export function joinNamespace(kernel: Kernel, name: NamespaceName, fd: number): void {
  try {
    kernel.setns(fd, NAMESPACE_FLAG[name]);
  } catch (error) {
    const errno = (error as { code?: string }).code;
    throw new TslxcError({
      code: 'NAMESPACE_UNAVAILABLE',
      message: `the ${name} namespace that lxc.namespace.share.${name} names cannot be entered: ${errno}`,
      errno,
      step: `join ${name} namespace`,
      ...(errno === 'EPERM' ? { hint: 'share the user namespace that it belongs to as well' } : {}),
    });
  }
  kernel.close(fd);
}
