import { DEFAULT_ESCAPE, describeEscape, parseEscape } from '../../terminal/escape.ts';
import { usage } from '../parse/getopt.ts';
import { command } from '../run/command.ts';
import { spec } from './console.options.ts';

export default command(spec, async ({ values, io, quiet, container }) => {
  const { tty = -1, escape: letter, log, clear } = values;
  if (tty < -1) throw usage(`there is no tty ${tty}`);
  if (log || clear) {
    const kept = await (await container()).consoleLog({ read: log ?? false, clear: clear ?? false });
    io.stdout.write(kept);
    return 0;
  }
  const prefix = describeEscape(letter === undefined ? DEFAULT_ESCAPE : parseEscape(letter));
  const outcome = await (await container()).console({
    tty,
    ...(letter === undefined ? {} : { escape: letter }),
    input: io.stdin,
    output: io.stdout,
    onConnected(connected) {
      const banner = [
        '',
        `Connected to tty ${connected}`,
        `Type <${prefix} q> to exit the console, <${prefix} ${prefix}> to enter ${prefix} itself`,
        '',
      ];
      io.printError(banner.join('\n'));
    },
  });
  if (io.stderrIsTTY && !quiet) io.printError(outcome === 'closed' ? '\nThe container has stopped.\n' : '\n');
  return 0;
});
