/** A command's manual page, made of its specification. */
import type { CommandSpec, OptionSpec } from '../parse/command-options.ts';
import { isCommon } from '../parse/common-options.ts';
import { allOptions, optionSummary, programName } from '../render/help.ts';
import { RELEASED } from './release-date.ts';
import { bold, escapeText, italic, literal, section, tagged } from './roff.ts';

export function manPage(spec: CommandSpec, version: string): string {
  const program = programName(spec);
  const options = Object.entries(allOptions(spec));
  const rows = (common: boolean) =>
    options
      .filter(([name, { unsupported }]) => isCommon(name) === common && unsupported === undefined)
      .flatMap(([name, option]) => tagged(optionTerm(name, option), `${sentence(optionSummary(option))}`));
  return [
    `.\\" Generated from src/cli/commands/${spec.name}.options.ts; change that and run src/cli/documentation/generate.ts.`,
    `.TH ${program.toUpperCase()} 1 "${RELEASED}" "tslxc ${version}" "System containers"`,
    ...section('NAME', [`${escapeText(program)} \\- ${escapeText(spec.summary)}`]),
    ...section(
      'SYNOPSIS',
      spec.synopsis.flatMap((form, at) => [
        ...(at > 0 ? ['.br'] : []),
        `${bold(program)} ${escapeText(form)}`,
      ]),
    ),
    ...section(
      'DESCRIPTION',
      spec.description.flatMap((paragraph, at) => [...(at > 0 ? ['.PP'] : []), escapeText(paragraph)]),
    ),
    ...section(
      'ARGUMENTS',
      spec.operands.flatMap((operand) => tagged(italic(operand.name), sentence(operand.summary))),
    ),
    ...section('OPTIONS', rows(false)),
    ...section('COMMON OPTIONS', [...rows(true), ...refusedOptions(spec)]),
    ...section(
      'EXIT STATUS',
      spec.exitCodes.flatMap(([code, meaning]) => tagged(bold(code), sentence(meaning))),
    ),
    ...section(
      'EXAMPLES',
      spec.examples.flatMap(({ command, meaning }, at) => [
        ...(at > 0 ? ['.PP'] : []),
        escapeText(`${capital(meaning)}:`),
        ...literal([command]),
      ]),
    ),
    ...section('SEE ALSO', [spec.seeAlso.map(reference).join(',\n')]),
    '',
  ].join('\n');
}

/** A sentence for each option of LXC that is refused. */
function refusedOptions(spec: CommandSpec): string[] {
  return Object.entries(allOptions(spec)).flatMap(([name, { unsupported }]) =>
    unsupported === undefined
      ? []
      : ['.PP', `${bold(`--${name}`)} of LXC is refused: ${escapeText(unsupported)}.`],
  );
}

function optionTerm(name: string, option: OptionSpec): string {
  const argument = option.kind === 'none' ? '' : `=${italic(option.argument ?? 'VALUE')}`;
  const long = `${bold(`--${name}`)}${option.kind === 'optional' ? `[${argument}]` : argument}`;
  return option.short ? `${bold(`-${option.short}`)}, ${long}` : long;
}

/** `ls` is a command of tslxc, `page(5)` another page. */
function reference(name: string): string {
  const [, page, number] = /^(.*)\((\d)\)$/.exec(name) ?? [];
  return page ? `${bold(page)}(${number})` : `${bold(`tslxc-${name}`)}(1)`;
}

/** Keywords that the text begins with stay as they are typed: `lvm and rbd: filesystem to make`. */
function capital(text: string): string {
  if (/^[a-z][\w-]*((, | and )[a-z][\w-]*)*: /.test(text)) return text;
  return /^[A-Z]|^[a-z]*[A-Z]/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

function sentence(text: string): string {
  const whole = capital(text);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
