import { TslxcError } from '../../errors/tslxc-error.ts';
import type { HookCommand } from '../../stage/plan.ts';

/** Something that a start would miss as things are now. */
export interface Finding {
  readonly error: TslxcError;
  /** The first hook of the container that may make it in time. */
  readonly maker: HookCommand | undefined;
}

export function finding(error: TslxcError, maker: HookCommand | undefined): Finding {
  return { error, maker };
}

/** `bridge "br7" does not exist: may be made by hook pre-start (FILE:LINE)` */
export function asWarning({ error, maker }: Finding): TslxcError {
  if (!maker) return error;
  const { file, line } = maker.origin;
  return new TslxcError({
    ...error.toJSON(),
    message: `${error.message}: may be made by hook ${maker.type} (${file}:${line})`,
    hint: undefined,
  });
}

/** Faults that nothing mends before the start, and warnings about the others. */
export function sorted(findings: readonly Finding[]): { errors: TslxcError[]; warnings: TslxcError[] } {
  return {
    errors: findings.filter(({ maker }) => maker === undefined).map(({ error }) => error),
    warnings: findings.filter(({ maker }) => maker !== undefined).map(asWarning),
  };
}
