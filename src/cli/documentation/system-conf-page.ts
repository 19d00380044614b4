/** tslxc.conf(5): the system file, with a paragraph for each of its keys. */
import { SYSTEM_KEYS, type SystemKey } from '../../config/system-keys.ts';
import { RELEASED } from './release-date.ts';
import { bold, escapeText, italic, literal, section } from './roff.ts';

export const SYSTEM_CONF_PAGE = 'man/man5/tslxc.conf.5';

const DESCRIPTION = [
  "Settings that hold for all containers. Root's commands read the file in /etc, an ordinary user's the one in the home folder. The file need not exist. tslxc-config KEY shows what holds.",
  'Each line is KEY = VALUE. A line that begins with # is a comment. Blanks around key and value do not count; everything else in a value does, also quotes, ; and #. Of a key that is there twice the first line counts. A key without a value counts as absent, and a key that is not in the list below is passed over. A value that its key does not take is an error, with its line, of the command that needs it. There are no includes.',
  'tslxc.container.conf(5) describes the config of a single container, which is another language.',
];
const EXAMPLE = ['lxc.lxcpath = /srv/containers', 'lxc.default_config = /srv/containers/default.conf'];
const SEE_ALSO = [
  ['tslxc-config', 1],
  ['tslxc-create', 1],
  ['tslxc.container.conf', 5],
  ['tslxc', 7],
] as const;
/** Whose home folder stands for all of them. */
const ANY_HOME = '~';

export function systemConfPage(version: string): string {
  return [
    '.\\" Generated from src/config/system-keys.ts and system-conf-page.ts; change those and run src/cli/documentation/generate.ts.',
    `.TH TSLXC.CONF 5 "${RELEASED}" "tslxc ${version}" "System containers"`,
    ...section('NAME', ['tslxc.conf \\- system file of tslxc']),
    ...section('SYNOPSIS', [
      escapeText('/etc/tslxc/tslxc.conf'),
      '.br',
      escapeText('~/.config/tslxc/tslxc.conf'),
    ]),
    ...section(
      'DESCRIPTION',
      DESCRIPTION.flatMap((text, at) => [...(at > 0 ? ['.PP'] : []), escapeText(text)]),
    ),
    ...section('KEYS', [
      'The keys have LXC\\(aqs names.',
      ...(Object.keys(SYSTEM_KEYS) as SystemKey[]).flatMap(keyParagraph),
    ]),
    ...section('EXAMPLES', [
      escapeText('Containers on another disk, and what new ones begin with:'),
      ...literal(EXAMPLE),
    ]),
    ...section('SEE ALSO', [SEE_ALSO.map(([page, number]) => `${bold(page)}(${number})`).join(',\n')]),
    '',
  ].join('\n');
}

function keyParagraph(key: SystemKey): string[] {
  const row: (typeof SYSTEM_KEYS)[SystemKey] & { readonly without?: string } = SYSTEM_KEYS[key];
  return [
    '.TP',
    `${bold(key)} = ${italic(row.type.name)}`,
    escapeText(row.doc),
    '.br',
    escapeText(`Valid: ${row.type.valid}.`),
    '.br',
    escapeText(`Default: ${defaultText(row)}.`),
    '.br',
    escapeText(`Example: ${key} = ${row.example}`),
  ];
}

function defaultText({
  without,
  default: of,
}: (typeof SYSTEM_KEYS)[SystemKey] & { readonly without?: string }) {
  const [system, own] = [of({ uid: 0, home: ANY_HOME }), of({ uid: 1, home: ANY_HOME })];
  if (system === undefined) return without ?? 'none';
  return system === own ? system : `${system}, for an ordinary user ${own}`;
}
