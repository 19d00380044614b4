/** Errors that several commands give before they ask the library for anything. */
import type { ContainerShape } from '../../api/container.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';

export function missing(container: ContainerShape): TslxcError {
  return new TslxcError({
    code: 'CONTAINER_MISSING',
    container: container.name,
    message: `there is no such container in ${container.lxcpath}`,
    hint: "'tslxc-ls' lists those that are there",
  });
}
