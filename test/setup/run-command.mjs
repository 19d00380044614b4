/** Running a command from a script. Plain JavaScript: see prepare.mjs. */
import { spawn } from 'node:child_process';

export class CommandFailed extends Error {
  constructor(command, status, output) {
    super(`${command} ${status}`);
    this.output = output;
  }
}

const running = new Set();

/** Ends what is running; for signal handlers. */
export function endCommands(signal = 'SIGTERM') {
  for (const child of running) child.kill(signal);
}

/** Runs it and gives what it printed on both streams together; rejects, with all of that, if it fails. */
export function runCommand(command, args, options = {}) {
  const { onLine, onChild, ...spawnOptions } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...spawnOptions });
    running.add(child);
    let output = '';
    let shown = 0;
    const take = (chunk) => {
      output += chunk;
      for (let end = output.indexOf('\n', shown); end >= 0; end = output.indexOf('\n', shown)) {
        onLine?.(output.slice(shown, end));
        shown = end + 1;
      }
    };
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', take);
    child.on('error', (error) => {
      running.delete(child);
      reject(error);
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      if (shown < output.length) onLine?.(output.slice(shown));
      if (code === 0) resolve(output);
      else
        reject(new CommandFailed(command, signal ? `was ended by ${signal}` : `exited with ${code}`, output));
    });
    onChild?.(child);
  });
}
