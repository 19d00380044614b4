/** What a comparison with LXC's own command is made of: files of test/peer/cases export `CASES`. */

export interface PeerCase {
  readonly title: string;
  /**
   * Command lines run one after the other, by `lxc-` and by `tslxc-`: the first word is the command without prefix.
   * `@NAME` is the container NAME: `@run` runs, `@stopped` does not, `@none` is not there, `@made` may be made
   * and has to be destroyed. `@config` is a config for new ones. All start in a case of their
   * own only in so far as the cases before it left them so.
   */
  readonly lines: readonly (readonly string[])[];
  readonly input?: string;
  /** A command that runs beside the lines until they are done; what it printed is compared last, its exit code is not. */
  readonly beside?: readonly string[];
  /** What is compared besides the exit codes; standard output unless said. */
  readonly compare?: 'stdout' | 'code';
  /** Makes two outputs alike that differ for a good reason. */
  readonly normalise?: (text: string) => string;
  /** The two are known to differ, and why: it is an error when they do not any more. */
  readonly differs?: string;
}
