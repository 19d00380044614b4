/** The client process: `main.ts COMMAND ARGUMENTS`. */

import { inWords } from '../errors/errno-words.ts';
import { thisProcess } from '../manager/process/read-only-host.ts';
import { plainText } from '../util/plain.ts';
import { dispatch } from './run/dispatch.ts';
import { processIo } from './run/io.ts';

// The launcher's way to tell Node where compiled code is kept is no business of the programs that
// we start.
delete process.env.NODE_COMPILE_CACHE;
thisProcess.mayChangeRoot = true;

dispatch(process.argv.slice(2), processIo()).then(
  (code) => process.exit(code),
  (error) => {
    const { code } = error as NodeJS.ErrnoException;
    // Text is written to standard output at once; errors are reported elsewhere.
    const full = code === 'ENOSPC' || code === 'EIO' || code === 'EFBIG' || code === 'EDQUOT';
    const message = full
      ? `standard output cannot be written: ${inWords((error as Error).message)}`
      : inWords(String((error as Error)?.message ?? error));
    processIo().printError(`tslxc: ${plainText(message)}\n`);
    process.exit(1);
  },
);
