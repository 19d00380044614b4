/** Throw-away containers: copies of an image that is made once for each list of arguments. */
import { createHash, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Container as Engine } from '../api/container.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import { applySettings } from './apply-settings.ts';
import { linesOf } from './settings.ts';
import type { EphemeralOptions } from './types.ts';

/** How long another process may take to make the image that is wanted here. */
const IMAGE_PATIENCE_MS = 10 * 60_000;
const LOOK_AGAIN_MS = 200;

/**
 * Makes a stopped ephemeral container and returns its name.
 * @throws TslxcError USAGE without an image or an original; what create and copy throw
 */
export async function ephemeralContainer(options: EphemeralOptions): Promise<string> {
  const { lxcpath, signal } = options;
  const lines = linesOf(options.settings);
  const from = options.from ?? (await image(options));
  const name = options.name ?? randomName(from.replace(/^image-/, ''));
  const copy = engine(name, lxcpath);
  await engine(from, lxcpath).copy(copy, {
    snapshot: true,
    settings: [['lxc.ephemeral', '1']],
    ...(signal ? { signal } : {}),
  });
  if (lines.length > 0) await applySettings(copy, lines);
  return name;
}

function engine(name: string, lxcpath: string | undefined): Engine {
  return lxcpath === undefined ? new Engine(name) : new Engine(name, lxcpath);
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** `PREFIX-` and six random characters. */
function randomName(prefix: string): string {
  return `${prefix}-${Array.from({ length: 6 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
}

/** Name of the container that stands for the image; made when it is missing. */
async function image({
  image: template,
  imageArgs = [],
  lxcpath,
  signal,
}: EphemeralOptions): Promise<string> {
  if (template === undefined)
    throw new TslxcError({
      code: 'USAGE',
      message: 'an ephemeral container needs an image or a container to copy',
      hint: "give { image: 'busybox' } or { from: 'NAME' }",
    });
  const digest = createHash('sha256')
    .update(JSON.stringify([template, imageArgs]))
    .digest('hex')
    .slice(0, 8);
  const name = `image-${template.replace(/.*\//, '').replace(/[^A-Za-z0-9.-]/g, '-')}-${digest}`;
  const container = engine(name, lxcpath);
  for (const end = Date.now() + IMAGE_PATIENCE_MS; !container.defined(); await delay(LOOK_AGAIN_MS))
    try {
      await container.create({
        template,
        templateArgs: imageArgs,
        quiet: true,
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      // Another process makes the same image at this moment.
      const busy = error instanceof TslxcError && ['CONTAINER_BUSY', 'CONTAINER_EXISTS'].includes(error.code);
      if (!busy || Date.now() > end) throw error;
    }
  return name;
}
