/** tslxc.container.conf(5): prose about the language, and a paragraph for each key of the table. */
import { KEY_FAMILIES, SUBTREE_KEYS } from '../../config/key-table.ts';
import type { KeyRow } from '../../config/keys/key-row.ts';
import { EXAMPLE, LANGUAGE, NOTES } from './container-conf-prose.ts';
import { RELEASED } from './release-date.ts';
import { bold, escapeText, italic, literal, section } from './roff.ts';

export const CONTAINER_CONF_PAGE = 'man/man5/tslxc.container.conf.5';

export function containerConfPage(version: string): string {
  return [
    '.\\" Generated from src/config/keys and container-conf-prose.ts; change those and run src/cli/documentation/generate.ts.',
    `.TH TSLXC.CONTAINER.CONF 5 "${RELEASED}" "tslxc ${version}" "System containers"`,
    ...section('NAME', ['tslxc.container.conf \\- configuration of a container']),
    ...section('SYNOPSIS', [escapeText('/var/lib/tslxc/NAME/config')]),
    ...section('DESCRIPTION', paragraphs(LANGUAGE.description)),
    ...section(
      'LANGUAGE',
      LANGUAGE.rules.flatMap(([title, text]) => [`.SS ${title}`, ...paragraphs(text)]),
    ),
    ...section('KEYS', [
      ...paragraphs(LANGUAGE.keys),
      ...KEY_FAMILIES.flatMap(({ title, keys }) => [
        `.SS ${title}`,
        ...Object.entries(keys).flatMap(([key, row]) => keyParagraph(key, row)),
      ]),
    ]),
    ...section(
      'NOTES',
      NOTES.flatMap(([title, text]) => [`.SS ${title}`, ...paragraphs(text)]),
    ),
    ...section('EXAMPLES', [escapeText(EXAMPLE.meaning), ...literal(EXAMPLE.lines)]),
    ...section('SEE ALSO', [SEE_ALSO.map(([page, number]) => `${bold(page)}(${number})`).join(',\n')]),
    '',
  ].join('\n');
}

const SEE_ALSO = [
  ['tslxc', 7],
  ['tslxc.conf', 5],
  ['tslxc-config', 1],
  ['tslxc-create', 1],
  ['tslxc-info', 1],
  ['tslxc-start', 1],
  ['tslxc-update-config', 1],
  ['capabilities', 7],
  ['cgroups', 7],
  ['namespaces', 7],
  ['user_namespaces', 7],
  ['fstab', 5],
] as const;

const paragraphs = (texts: readonly string[]) =>
  texts.flatMap((text, at) => [...(at > 0 ? ['.PP'] : []), escapeText(text)]);

/** Types that the section about values explains, or that say all by their name. */
const PLAIN = new Set(['COMMAND', 'TEXT', 'VALUE', '0|1', 'up']);

function keyParagraph(key: string, row: KeyRow): string[] {
  const { whole, example } = spelled(key, row);
  const isWordList = row.type.name.includes('|') && row.type.valid.startsWith('one of ');
  return [
    '.TP',
    `${whole} = ${italic(row.type.name.replaceAll('…', '...'))}`,
    escapeText(
      [
        row.doc,
        ...(PLAIN.has(row.type.name) || isWordList ? [] : [`Valid: ${row.type.valid}.`]),
        ...(row.excludes ? [`Not together with ${row.excludes}.`] : []),
      ].join(' '),
    ),
    '.br',
    escapeText(
      [
        `Default: ${row.without ?? (row.default || 'none')}.`,
        ...(row.repeated ? ['Adds up.'] : []),
        ...(row.empty === 'refused' ? ['Cannot be emptied.'] : []),
        ...(typeof row.empty === 'object' ? [`Emptied, it is ${row.empty.as}.`] : []),
        ...(row.live ? ['A change takes effect on a running container.'] : []),
        row.extension ? `Since ${row.since}; LXC has no such key.` : `Since LXC ${row.since}.`,
      ].join(' '),
    ),
    ...(row.acted ? [] : ['.br', italic('Read and checked, but not acted on in this version.')]),
    '.br',
    escapeText(`Example: ${example}`),
  ];
}

/**
 * The key as it is written; its variable parts are italic. The examples of open-ended families are
 * whole lines.
 */
function spelled(key: string, row: KeyRow): { whole: string; example: string } {
  const family = key in SUBTREE_KEYS ? SUBTREE_KEYS[key as keyof typeof SUBTREE_KEYS] : undefined;
  if (family) return { whole: `${bold(key)}${italic(family.placeholder)}`, example: row.example };
  if (!key.startsWith('lxc.'))
    return {
      whole: `${bold('lxc.net.')}${italic('N')}${bold(`.${key}`)}`,
      example: `lxc.net.0.${key} = ${row.example}`,
    };
  return { whole: bold(key), example: `${key} = ${row.example}` };
}
