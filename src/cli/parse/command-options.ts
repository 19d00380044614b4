/**
 * The grammar of a command as data. One object for each command; the parser, `--help`, `--usage`,
 * the manual page and the shell completions are all made from it, so they cannot disagree.
 */

/** What a shell can offer for an argument. */
export type Completion =
  | 'container'
  | 'snapshot'
  | 'file'
  | 'directory'
  | 'template'
  | 'key'
  | { readonly words: readonly string[] };

/** An option; its key in the table is its long name. */
export interface OptionSpec {
  /** The letter of the short option `-x`. */
  readonly short?: string;
  /**
   * What follows it: getopt_long's three cases. An optional argument must be glued (`-eX`,
   * `--long=X`).
   */
  readonly kind: 'none' | 'required' | 'optional';
  /** Name of the argument in the texts, in capitals. */
  readonly argument?: string;
  /** Collects every occurrence; otherwise the last one counts. */
  readonly repeatable?: true;
  /** The argument is a whole number. */
  readonly integer?: true;
  /** In words, for the texts; the command itself applies it. */
  readonly default?: string;
  readonly summary: string;
  /** Not in LXC. */
  readonly extension?: true;
  /** Long names of options that it cannot be given with. */
  readonly conflicts?: readonly string[];
  /** Long names of options without one of which it has no meaning. */
  readonly requires?: readonly string[];
  /** Known, but this version refuses it; the value says until when or why. */
  readonly unsupported?: string;
  readonly complete?: Completion;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** Arguments that are neither options nor the container's name. */
export interface OperandSpec {
  readonly name: string;
  readonly summary: string;
  /** Takes all that is left. */
  readonly many?: true;
  readonly required?: true;
  readonly complete?: Completion;
}

export interface Example {
  readonly command: string;
  readonly meaning: string;
}

export interface CommandSpec<Options extends OptionTable = OptionTable> {
  /** Without the `tslxc-` prefix. */
  readonly name: string;
  /** A word of `tslxc` alone, which has no `tslxc-NAME`. */
  readonly word?: true;
  /** For the list of commands and the NAME section: no capital, no full stop. */
  readonly summary: string;
  /** Forms of the command line after its name; the second and later ones are alternatives. */
  readonly synopsis: readonly string[];
  /** Paragraphs. */
  readonly description: readonly string[];
  readonly options: Options;
  /**
   * Whether the first operand names the container where `-n` is absent, or is a pattern for names.
   */
  readonly container: 'required' | 'pattern' | 'none';
  /**
   * Further operands name further containers, which the command does one after the other. Under
   * LXC's names it is for one container, as there.
   */
  readonly several?: true;
  readonly operands: readonly OperandSpec[];
  readonly exitCodes: readonly (readonly [code: string, meaning: string])[];
  readonly examples: readonly Example[];
  /** Names of related commands, or `page(5)`. */
  readonly seeAlso: readonly string[];
}

/** What the parser makes of an option: a bare optional argument is the empty string. */
export type OptionValue<Spec extends OptionSpec> = Spec extends { kind: 'none' }
  ? boolean
  : Spec extends { repeatable: true }
    ? readonly string[]
    : Spec extends { integer: true }
      ? number | undefined
      : string | undefined;

export type OptionValues<Options extends OptionTable> = {
  readonly [Name in keyof Options]: OptionValue<Options[Name]>;
};

/** Fixes the literal types of a specification, so that the parsed values are typed by it. */
export function defineSpec<const Options extends OptionTable>(
  spec: CommandSpec<Options>,
): CommandSpec<Options> {
  return spec;
}
