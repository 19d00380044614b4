/** The texts of `--help` and `--usage`, from a command's specification. */
import type { CommandSpec, OptionSpec, OptionTable } from '../parse/command-options.ts';
import { HELP_OPTIONS, isCommon } from '../parse/common-options.ts';

const OPTION_COLUMN = 28;

/** The name that the user types. */
export function programName(spec: Pick<CommandSpec, 'name' | 'word'>): string {
  return `tslxc${spec.word ? ' ' : '-'}${spec.name}`;
}

/** The command's own and those that every command has. */
export function allOptions(spec: CommandSpec): OptionTable {
  return { ...spec.options, ...HELP_OPTIONS };
}

export function helpText(spec: CommandSpec, width = 100): string {
  const program = programName(spec);
  const options = Object.entries(allOptions(spec));
  const own = options.filter(([name]) => !isCommon(name));
  const common = options.filter(([name]) => isCommon(name));
  const out = [
    ...spec.synopsis.flatMap((form, at) =>
      usageLines(`${at === 0 ? 'Usage:' : '      '} ${program}`, form, width),
    ),
    '',
    ...spec.description.flatMap((paragraph) => [...wrap(paragraph, width), '']),
  ];
  if (spec.operands.length > 0) {
    out.push('Arguments:');
    for (const operand of spec.operands) out.push(...entry(`  ${operand.name}`, operand.summary, width));
    out.push('');
  }
  for (const [title, rows] of [
    ['Options:', own],
    ['Common options:', common],
  ] as const) {
    if (rows.length === 0) continue;
    out.push(title);
    for (const [name, option] of rows)
      out.push(...entry(`  ${optionForms(name, option)}`, optionSummary(option), width));
    out.push('');
  }
  out.push('Exit status:');
  for (const [code, meaning] of spec.exitCodes) out.push(...entry(`  ${code}`, meaning, width, 7));
  if (spec.examples.length > 0) {
    out.push('', 'Examples:');
    for (const { command, meaning } of spec.examples) out.push(`  ${command}`, `      ${meaning}`);
  }
  return `${out.join('\n')}\n`;
}

/** Every option once, wrapped. */
export function usageText(spec: CommandSpec, width = 80): string {
  const start = `Usage: ${programName(spec)}`;
  const words = Object.entries(allOptions(spec)).map(
    ([name, option]) => `[${option.short ? `-${option.short}|` : ''}--${name}${argumentForm(option, '=')}]`,
  );
  for (const operand of spec.operands)
    words.push(operand.required ? operand.name : `[${operand.name}${operand.many ? '...' : ''}]`);
  const lines: string[] = [];
  let line = start;
  for (const word of words) {
    if (line.length + 1 + word.length > width) {
      lines.push(line);
      line = `       ${word}`;
    } else line += ` ${word}`;
  }
  return `${[...lines, line].join('\n')}\n`;
}

/** A form of the command line. What stands in brackets together stays together. */
function usageLines(start: string, form: string, width: number): string[] {
  const lines = [start];
  for (const part of form.match(/\[[^\]]*\]\S*|\S+/g) ?? []) {
    const line = `${lines.at(-1)} ${part}`;
    if (line.length <= width || lines.at(-1) === start) lines[lines.length - 1] = line;
    else lines.push(`${' '.repeat(start.length)} ${part}`);
  }
  return lines;
}

/** `-e, --escape=CHAR`, with the long name in line where there is no short one. */
export function optionForms(name: string, option: OptionSpec): string {
  const long = `--${name}${argumentForm(option, '=')}`;
  return option.short ? `-${option.short}, ${long}` : `    ${long}`;
}

export function argumentForm(option: OptionSpec, separator: string): string {
  if (option.kind === 'none') return '';
  const argument = `${separator}${option.argument ?? 'VALUE'}`;
  return option.kind === 'optional' ? `[${argument}]` : argument;
}

/** The summary with what else is to be known about the option, in one sentence of notes. */
export function optionSummary(option: OptionSpec): string {
  const notes = [
    option.default !== undefined ? `default: ${option.default}` : '',
    option.repeatable ? 'may be repeated' : '',
    option.extension ? 'not in LXC' : '',
    option.unsupported !== undefined ? `not supported: ${option.unsupported}` : '',
  ].filter(Boolean);
  return notes.length > 0 ? `${option.summary} (${notes.join('; ')})` : option.summary;
}

function entry(left: string, text: string, width: number, column = OPTION_COLUMN): string[] {
  const [first = '', ...rest] = wrap(text, width - column);
  const indent = ' '.repeat(column);
  const head = left.length < column - 1 ? [`${left.padEnd(column)}${first}`] : [left, `${indent}${first}`];
  return [...head, ...rest.map((line) => indent + line)];
}

export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
