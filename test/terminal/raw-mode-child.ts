/** A program with a raw terminal on its descriptor 0; the test kills it in different ways. */
import { linuxKernel } from '../../src/kernel/linux.ts';
import { enterRawMode } from '../../src/terminal/raw-mode.ts';
import { relayTerminal } from '../../src/terminal/relay.ts';

const kernel = linuxKernel();
const way = process.argv[2];
if (way === 'relay') {
  const peer = Number(process.argv[3]);
  const end = relayTerminal({
    kernel,
    input: process.stdin,
    output: process.stdout,
    peer,
    terminal: 0,
    signals: process,
  });
  process.stderr.write('raw\n');
  process.stderr.write(`${await end}\n`);
} else {
  enterRawMode(kernel, 0);
  process.stderr.write('raw\n');
  if (way === 'throw') setTimeout(() => JSON.parse('{'), 5);
  else if (way === 'exit') setTimeout(() => process.exit(3), 5);
  else setInterval(() => {}, 1000);
}
