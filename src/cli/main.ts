/** The client process: `main.ts COMMAND ARGUMENTS`. */

import { thisProcess } from '../manager/process/read-only-host.ts';
import { dispatch } from './run/dispatch.ts';
import { processIo } from './run/io.ts';
import { toldFailure } from './run/told-failure.ts';

// The launcher's way to tell Node where compiled code is kept is no business of the programs that
// we start.
delete process.env.NODE_COMPILE_CACHE;
thisProcess.mayChangeRoot = true;

dispatch(process.argv.slice(2), processIo()).then(
  (code) => process.exit(code),
  (error) => {
    processIo().printError(toldFailure(error));
    process.exit(1);
  },
);
