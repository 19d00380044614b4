import type { ContainerConfig } from '../../config/container-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';

/** What a user should be told about a config that does not keep it from starting: old names, keys without effect. */
export function configWarnings(config: ContainerConfig): TslxcError[] {
  const readers = config.warnings.map(
    ({ message, hint, file, line }) => new TslxcError({ code: 'CONFIG_SYNTAX', message, hint, file, line }),
  );
  const idle = config.notActedOn().map(
    ({ key, origin }) =>
      new TslxcError({
        code: 'NOT_SUPPORTED',
        message: `${key} is not acted on in this version`,
        file: origin.file,
        line: origin.line,
      }),
  );
  return [...readers, ...idle];
}
