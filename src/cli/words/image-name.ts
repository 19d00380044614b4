/** Names of images, as `tslxc launch` takes them: what they mean for a template. */
import { randomInt } from 'node:crypto';
import { usage } from '../parse/getopt.ts';

export type Image =
  | { readonly kind: 'template'; readonly template: string; readonly args: readonly string[] }
  | { readonly kind: 'copy'; readonly of: string };

/** Debian's releases by number, as its users know them. */
const DEBIAN_RELEASES: Readonly<Record<string, string>> = {
  '10': 'buster',
  '11': 'bullseye',
  '12': 'bookworm',
  '13': 'trixie',
  '14': 'forky',
};

/** Templates without releases. */
const SINGLE = new Set(['busybox']);

/**
 * `DISTRIBUTION[/RELEASE[/ARCHITECTURE]]`, or `local:NAME` for a copy of a container.
 * @throws TslxcError USAGE
 */
export function parseImage(text: string): Image {
  const [, of] = /^local:(.+)$/.exec(text) ?? [];
  if (of !== undefined) return { kind: 'copy', of };
  const [template = '', release, architecture, ...more] = text.split('/');
  if (!/^[a-z][a-z0-9-]*$/.test(template) || more.length > 0 || release === '' || architecture === '')
    throw usage(
      `'${text}' is not the name of an image`,
      'it is DISTRIBUTION[/RELEASE[/ARCHITECTURE]], as debian/12, or local:NAME for a copy of a container',
    );
  if (SINGLE.has(template) && release !== undefined)
    throw usage(`${template} has no releases`, `launch it as ${template}`);
  const named = template === 'debian' && release ? (DEBIAN_RELEASES[release] ?? release) : release;
  return {
    kind: 'template',
    template,
    args: [...(named ? ['-r', named] : []), ...(architecture ? ['-a', architecture] : [])],
  };
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A name for a container that was given none: the distribution and four characters. */
export function madeUpName(image: Image): string {
  const base = image.kind === 'copy' ? image.of : image.template;
  return `${base}-${Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
}
