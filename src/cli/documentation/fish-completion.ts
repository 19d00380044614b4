import type { CommandSpec, Completion } from '../parse/command-options.ts';
import { programName } from '../render/help.ts';
import { completedOptions, configKeys, isDynamic, operandCompletion } from './completion-data.ts';

/** A `complete` line for each option, under the name of its own and as a word of `tslxc`. */
export function fishCompletion(specs: readonly CommandSpec[]): string {
  return `${[
    '# fish completion for tslxc; generated from the specifications of the commands.',
    '',
    '# The directory of the containers, as -P names it on the command line.',
    'function __tslxc_path',
    '  set -l words (commandline -opc)',
    '  for at in (seq (count $words) -1 1)',
    '    switch $words[$at]',
    '      case -P --lxcpath',
    '        if set -q words[(math $at + 1)]; printf "%s\\n" -P $words[(math $at + 1)]; return; end',
    '      case "--lxcpath=*"; printf "%s\\n" -P (string replace -- --lxcpath= "" $words[$at]); return',
    '      case "-P*"; printf "%s\\n" -P (string sub -s 3 -- $words[$at]); return',
    '    end',
    '  end',
    'end',
    'function __tslxc_container; tslxc ls -1 (__tslxc_path) 2>/dev/null; end',
    'function __tslxc_snapshot',
    '  set -l words (commandline -opc)',
    '  for word in $words[-1..1]',
    '    tslxc snapshot -L -n $word (__tslxc_path) 2>/dev/null | string match -rg "^(snap[0-9]+) "; and return',
    '  end',
    'end',
    'function __tslxc_template',
    '  path basename (path dirname (path dirname (path resolve (command -s tslxc))))/templates/tslxc-* | string replace tslxc- ""',
    'end',
    `function __tslxc_key; printf "%s\\n" ${configKeys().join(' ')}; end`,
    '',
    ...specs.map(
      ({ name, summary }) => `complete -c tslxc -n __fish_use_subcommand -x -a ${name} -d ${quoted(summary)}`,
    ),
    ...specs.flatMap((spec) => [
      '',
      ...(spec.word ? [] : commandLines(spec, `-c ${programName(spec)}`)),
      ...commandLines(spec, `-c tslxc -n '__fish_seen_subcommand_from ${spec.name}'`),
    ]),
  ].join('\n')}\n`;
}

function commandLines(spec: CommandSpec, target: string): string[] {
  const options = completedOptions(spec).map(({ name, spec: option, kind }) => {
    const short = option.short ? ` -s ${option.short}` : '';
    const argument = option.kind === 'none' ? '' : ` ${action(kind)}`;
    return `complete ${target}${short} -l ${name}${argument} -d ${quoted(option.summary)}`;
  });
  const kind = operandCompletion(spec);
  return kind ? [`complete ${target} ${action(kind).replace('-x', '-f')}`, ...options] : options;
}

function action(kind: Completion | undefined): string {
  if (kind === undefined) return '-x';
  if (isDynamic(kind)) return `-x -a '(__tslxc_${kind})'`;
  if (kind === 'file') return '-r -F';
  if (kind === 'directory') return `-x -a '(__fish_complete_directories)'`;
  return typeof kind === 'object' ? `-x -a '${kind.words.join(' ')}'` : '-x';
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
