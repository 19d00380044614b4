import { TslxcError } from '../../errors/tslxc-error.ts';

/** Thrown by the parsers of parts of a line, which do not know where they are. */
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
