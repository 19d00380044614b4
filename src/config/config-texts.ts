import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { configLines, readConfigBytes } from './config-files.ts';

type Lines = ReturnType<typeof configLines>;

/**
 * The caller's descriptors: in the manager, which reads the config of a start, these names lead
 * elsewhere.
 */
const OWN_DESCRIPTOR = /^\/(dev\/(fd\/|std(in|out|err)$)|proc\/(self|thread-self)\/fd\/)/;

/** A text that stands for a file. */
interface GivenText {
  readonly lines: Lines;
  /** Where its relative includes start. */
  readonly folder: string;
}

/**
 * The config files of one piece of work, by absolute path: each is read once, however often the
 * config is loaded, so that all of the work goes by the same text. Texts can be given for files
 * that cannot be read again, or are not written yet.
 */
export class ConfigTexts {
  readonly #given = new Map<string, GivenText>();
  readonly #read = new Map<string, { readonly lines: Lines; readonly real: string }>();

  /** @param folder where relative includes of the text start; by default the folder of the file */
  give(file: string, text: Buffer | string, folder = dirname(file)): this {
    this.#given.set(file, { lines: configLines(Buffer.from(text)), folder });
    return this;
  }

  /** @throws what `node:fs` throws */
  lines(file: string): Lines {
    return this.#given.get(file)?.lines ?? this.#fromDisk(file).lines;
  }

  /**
   * The file's path without symlinks: what tells a loop of includes. @throws what `node:fs` throws
   */
  realPath(file: string): string {
    return this.#given.has(file) ? file : this.#fromDisk(file).real;
  }

  folderOf(file: string): string {
    return this.#given.get(file)?.folder ?? dirname(resolve(file));
  }

  #fromDisk(file: string): { readonly lines: Lines; readonly real: string } {
    const known = this.#read.get(file);
    if (known) return known;
    if (OWN_DESCRIPTOR.test(file))
      throw Object.assign(new Error('it is a descriptor of one process'), { code: 'ENOTREG' });
    const fresh = { lines: configLines(readConfigBytes(file)), real: realpathSync(file) };
    this.#read.set(file, fresh);
    return fresh;
  }
}
