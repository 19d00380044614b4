import { constants, copyFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readDocument, saveDocument } from '../../config/document-file.ts';
import { updateLegacy } from '../../config/update-config.ts';
import { toTslxcError } from '../../errors/tslxc-error.ts';
import { usage } from '../parse/getopt.ts';
import { command } from '../run/command.ts';
import { spec } from './update-config.options.ts';

/** For any user: whether the file may be written is the kernel's to say. */
export default command(
  spec,
  ({ values, operands, io }) => {
    const given = values.config ?? operands[0];
    if (given === undefined) throw usage('no config file given', 'name one with -c FILE');
    const file = resolve(io.cwd, given);
    const document = readDocument(file);
    if (updateLegacy(document) === 0) return 0;
    const backup = `${file}.backup`;
    try {
      copyFileSync(file, backup, constants.COPYFILE_FICLONE);
    } catch (error) {
      throw toTslxcError(error, 'CONFIG_WRITE', { message: `cannot keep the old file as ${backup}` });
    }
    saveDocument(file, document);
    return 0;
  },
  { anyUser: true },
);
