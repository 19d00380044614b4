import type { ContainerConfig } from '../../config/container-config.ts';
import type { ConfigWarning } from '../../config/setting.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';

/**
 * What a user should be told about a config that does not keep it from starting: old names, keys
 * without effect.
 * @param oldNames which warnings about old names are given; all unless said
 */
export function configWarnings(
  config: ContainerConfig,
  oldNames: (warnings: TslxcError[]) => TslxcError[] = (all) => all,
): TslxcError[] {
  const asErrors = (warnings: readonly ConfigWarning[]) =>
    warnings.map(
      ({ message, hint, file, line }) => new TslxcError({ code: 'CONFIG_SYNTAX', message, hint, file, line }),
    );
  const old = asErrors(config.warnings.filter(({ oldName }) => oldName));
  const others = asErrors(config.warnings.filter(({ oldName }) => !oldName));
  const idle = config.notActedOn().map(
    ({ key, origin }) =>
      new TslxcError({
        code: 'NOT_SUPPORTED',
        message: `${key} is not acted on in this version`,
        file: origin.file,
        line: origin.line,
      }),
  );
  return [...oldNames(old), ...others, ...idle];
}
