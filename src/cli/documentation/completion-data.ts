/**
 * What the completions of all shells are made of: options with their arguments, and words per kind.
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the dollars and braces are the shell's
import { KEY_TABLE } from '../../config/key-table.ts';
import type { CommandSpec, Completion, OptionSpec } from '../parse/command-options.ts';
import { allOptions } from '../render/help.ts';
import { loadCommand } from '../run/command-table.ts';
import { WORDS } from '../words/words.ts';

export interface CompletedOption {
  readonly name: string;
  readonly spec: OptionSpec;
  readonly kind: Completion | undefined;
}

/** The options that work, in the order of the help. */
export function completedOptions(spec: CommandSpec): CompletedOption[] {
  return Object.entries(allOptions(spec))
    .filter(([, option]) => option.unsupported === undefined)
    .map(([name, option]) => ({ name, spec: option, kind: option.complete }));
}

/** What the words of `tslxc` alone take: exec, shell and the like have no `tslxc-WORD`. */
export async function wordSpecs(): Promise<CommandSpec[]> {
  return await Promise.all(
    Object.entries(WORDS).map(async ([name, word]) => {
      const { spec } = 'alias' in word ? await loadCommand(word.alias[0]) : (await word.load()).default;
      return { ...spec, name, word: true, summary: word.summary };
    }),
  );
}

/** What stands for the operands: the container, or the words of the only operand. */
export function operandCompletion(spec: CommandSpec): Completion | undefined {
  return spec.container === 'none' ? spec.operands[0]?.complete : 'container';
}

export function configKeys(): string[] {
  return Object.keys(KEY_TABLE).sort();
}

/** For shells: the kinds whose words come from a shell function of that name. */
export const DYNAMIC = ['container', 'snapshot', 'template', 'key'] as const;
export type DynamicKind = (typeof DYNAMIC)[number];

export function isDynamic(kind: Completion | undefined): kind is DynamicKind {
  return typeof kind === 'string' && (DYNAMIC as readonly string[]).includes(kind);
}

/** The functions for POSIX-like shells: each prints one word in a line. */
export function wordFunctions(): string[] {
  return [
    '_tslxc_container() { tslxc ls -1 "${_tslxc_path[@]}" 2>/dev/null; }',
    `_tslxc_snapshot() { tslxc snapshot -L -n "$_tslxc_name" "\${_tslxc_path[@]}" 2>/dev/null | sed -n 's/^\\(snap[0-9]*\\) .*/\\1/p'; }`,
    '_tslxc_template() {',
    '  local file folder',
    '  folder=$(readlink -f "$(command -v tslxc)") || return',
    '  for file in "${folder%/*/*}"/templates/tslxc-*; do printf "%s\\n" "${file##*/tslxc-}"; done',
    '}',
    `_tslxc_key() { printf "%s\\n" ${configKeys().join(' ')}; }`,
  ];
}
