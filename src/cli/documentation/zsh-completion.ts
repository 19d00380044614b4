// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the dollars and braces are the shell's
import type { CommandSpec, Completion, OptionSpec } from '../parse/command-options.ts';
import { programName } from '../render/help.ts';
import { completedOptions, isDynamic, operandCompletion, wordFunctions } from './completion-data.ts';

/** An `_arguments` call for each command. */
export function zshCompletion(specs: readonly CommandSpec[]): string {
  return `${[
    `#compdef tslxc ${specs
      .filter(({ word }) => !word)
      .map(programName)
      .join(' ')}`,
    '# zsh completion for tslxc; generated from the specifications of the commands.',
    '',
    ...wordFunctions(),
    '',
    '_tslxc_words() {',
    '  local _tslxc_name=${opt_args[-n]:-${opt_args[--name]:-${line[1]}}} _tslxc_path=()',
    '  local folder=${opt_args[-P]:-${opt_args[--lxcpath]}}',
    '  [[ -n $folder ]] && _tslxc_path=(-P "$folder")',
    '  compadd -- ${(f)"$(_tslxc_$1)"}',
    '}',
    '',
    '_tslxc_command() {',
    '  local line state',
    '  typeset -A opt_args',
    '  case $1 in',
    ...specs.flatMap((spec) => [
      `    ${spec.name})`,
      `      _arguments -s -S ${[...completedOptions(spec).flatMap(optionSpec), ...operands(spec)].join(' \\\n        ')} ;;`,
    ]),
    '  esac',
    '}',
    '',
    '_tslxc() {',
    '  local command=${service#tslxc-}',
    '  if [[ $service == tslxc ]]; then',
    '    if ((CURRENT == 2)); then',
    '      local -a commands=(',
    ...specs.map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}`),
    '      )',
    '      _describe command commands',
    '      return',
    '    fi',
    '    command=$words[2]',
    '    shift words',
    '    ((CURRENT--))',
    '  fi',
    '  _tslxc_command $command',
    '}',
    '',
    '_tslxc "$@"',
  ].join('\n')}\n`;
}

function optionSpec({
  name,
  spec,
  kind,
}: {
  name: string;
  spec: OptionSpec;
  kind: Completion | undefined;
}): string[] {
  const text = `[${spec.summary.replaceAll(/[[\]:\\]/g, '\\$&')}]`;
  const argument = spec.kind === 'none' ? '' : `:${spec.argument ?? 'VALUE'}:${action(kind)}`;
  const optional = spec.kind === 'optional' ? ':' : '';
  const star = spec.repeatable ? '*' : '';
  const long = `${star}--${name}${spec.kind === 'none' ? '' : spec.kind === 'optional' ? '=-' : '='}${text}${optional}${argument}`;
  if (!spec.short) return [quoted(long)];
  const glue = spec.kind === 'none' ? '' : spec.kind === 'optional' ? '-' : '+';
  return [quoted(`${star}-${spec.short}${glue}${text}${optional}${argument}`), quoted(long)];
}

function operands(spec: CommandSpec): string[] {
  const kind = operandCompletion(spec);
  const tail = spec.operands.some(({ many }) => many) ? [quoted('*::argument:_default')] : [];
  return [
    ...(kind ? [quoted(`1:${spec.container === 'none' ? 'argument' : 'container'}:${action(kind)}`)] : []),
    ...tail,
  ];
}

function action(kind: Completion | undefined): string {
  if (kind === undefined) return ' ';
  // The blank keeps _arguments from adding arguments of its own.
  if (isDynamic(kind)) return ` _tslxc_words ${kind}`;
  if (kind === 'file') return '_files';
  if (kind === 'directory') return '_files -/';
  return typeof kind === 'object' ? `(${kind.words.join(' ')})` : ' ';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
