import type { ContainerSpec } from '../../config/container-spec.ts';
import type { ErrorDetails, TslxcError } from '../../errors/tslxc-error.ts';

/** @param instead what holds instead, where the error itself does not say it */
export type PassedOver = (what: TslxcError, instead?: string) => void;

/**
 * What becomes of a line that LXC passes over: a warning without a hint, or with `lxc.strict = 1`
 * the error that it is.
 * @returns the listener for such lines; it throws what it is told where the config is strict
 */
export function passedOver(config: ContainerSpec, warn: (warning: ErrorDetails) => void): PassedOver {
  return (what, instead) => {
    if (config.get('lxc.strict')?.value) throw what;
    const { code, message, file, line } = what;
    warn({ code, message: instead ? `${message}; ${instead}` : message, file, line });
  };
}
