import { TslxcError } from '../../errors/tslxc-error.ts';

/** Thrown by parsers of a part of a line; the caller adds file and line. */
export class PolicyFault extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

export function policyFault(
  file: string,
  line: number | undefined,
  message: string,
  hint: string,
): TslxcError {
  return new TslxcError({
    code: 'SECCOMP_POLICY',
    message,
    file,
    line,
    hint,
    step: 'read the seccomp policy',
  });
}
