// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the dollars and braces are the shell's
import type { CommandSpec, Completion } from '../parse/command-options.ts';
import { programName } from '../render/help.ts';
import { completedOptions, isDynamic, operandCompletion, wordFunctions } from './completion-data.ts';

/**
 * The script: a single function for all commands, with a table of options per command and a table
 * of what follows an option.
 */
export function bashCompletion(specs: readonly CommandSpec[]): string {
  return `${[
    '# bash completion for tslxc; generated from the specifications of the commands.',
    '# shellcheck shell=bash disable=SC2207',
    '',
    ...wordFunctions(),
    '',
    '_tslxc() {',
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[0]##*/} first=1 i',
    '  local _tslxc_name= _tslxc_path=()',
    '  COMPREPLY=()',
    '  # bash cuts --option=word at the equals sign',
    '  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi',
    '  if [[ $command == tslxc ]]; then',
    '    if ((COMP_CWORD == 1)); then',
    `      COMPREPLY=($(compgen -W '${specs.map(({ name }) => name).join(' ')} help' -- "$cur"))`,
    '      return',
    '    fi',
    '    command=${COMP_WORDS[1]} first=2',
    '  fi',
    '  command=${command#tslxc-}',
    '  for ((i = first; i < COMP_CWORD; i++)); do',
    '    local word=${COMP_WORDS[i]}',
    '    case $word in',
    '      --) compopt -o default; return ;;',
    '      -*) ;;',
    '      *) [[ $_tslxc_name ]] || _tslxc_name=$word; continue ;;',
    '    esac',
    '    case "$command $word" in',
    `      ${specs.flatMap(argumentForms).join(' | ')}) ((i++)) ;;`,
    '      *) continue ;;',
    '    esac',
    '    if [[ ${COMP_WORDS[i]} == = ]]; then ((i++)); fi',
    '    ((i < COMP_CWORD)) || break',
    '    case $word in',
    '      -n | --name) _tslxc_name=${COMP_WORDS[i]} ;;',
    '      -P | --lxcpath) _tslxc_path=(-P "${COMP_WORDS[i]}") ;;',
    '    esac',
    '  done',
    '  case "$command $prev" in',
    ...specs.flatMap(argumentCases),
    '  esac',
    '  case "$command $cur" in',
    ...specs.map(
      (spec) =>
        `    '${spec.name} -'*) COMPREPLY=($(compgen -W '${completedOptions(spec)
          .flatMap(({ name, spec }) => [...(spec.short ? [`-${spec.short}`] : []), `--${name}`])
          .join(' ')}' -- "$cur")) ;;`,
    ),
    ...specs.flatMap((spec) => {
      const reply = action(operandCompletion(spec));
      if (!reply) return [];
      // A container is named once, unless the command takes several.
      const once = spec.container === 'required' && !spec.operands.some(({ name }) => name === 'NAME');
      return [`    '${spec.name} '*) ${once ? '[[ $_tslxc_name ]] || ' : ''}${reply} ;;`];
    }),
    '  esac',
    '}',
    '',
    `complete -F _tslxc tslxc ${specs
      .filter(({ word }) => !word)
      .map(programName)
      .join(' ')}`,
  ].join('\n')}\n`;
}

/** The options that take a separate argument, each as `'COMMAND OPTION'` in its spellings. */
function formsByOption(spec: CommandSpec): { forms: string[]; kind: Completion | undefined }[] {
  return completedOptions(spec)
    .filter((option) => option.spec.kind === 'required')
    .map(({ name, spec: option, kind }) => ({
      kind,
      forms: [...(option.short ? [`'${spec.name} -${option.short}'`] : []), `'${spec.name} --${name}'`],
    }));
}

const argumentForms = (spec: CommandSpec) => formsByOption(spec).flatMap(({ forms }) => forms);

/** A line for each option that takes a separate argument. */
function argumentCases(spec: CommandSpec): string[] {
  return formsByOption(spec).map(
    ({ forms, kind }) =>
      `    ${forms.join(' | ')}) ${[action(kind), 'return'].filter(Boolean).join('; ')} ;;`,
  );
}

function action(kind: Completion | undefined): string {
  if (kind === undefined) return '';
  if (isDynamic(kind)) return `COMPREPLY=($(compgen -W '$(_tslxc_${kind})' -- "$cur"))`;
  if (kind === 'file') return 'compopt -o default';
  if (kind === 'directory') return 'COMPREPLY=($(compgen -d -- "$cur"))';
  if (typeof kind === 'object') return `COMPREPLY=($(compgen -W '${kind.words.join(' ')}' -- "$cur"))`;
  return '';
}
