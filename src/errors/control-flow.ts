/**
 * Ends of a command that are no failures. `kind` tells them apart, so that code can recognize one
 * without loading the module that throws it.
 */
export class ControlFlow extends Error {
  /** `no-manager`: another process has to carry the command out. `interrupted`: by a signal. */
  readonly kind: 'no-manager' | 'interrupted';

  constructor(kind: ControlFlow['kind'], message?: string) {
    super(message);
    this.kind = kind;
  }
}
