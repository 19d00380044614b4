/**
 * node launch.mjs SCRIPT [ARGUMENT...]: runs a TypeScript program of the tests with the pinned Node, after installing
 * that if need be. Plain JavaScript: see prepare.mjs.
 */
import { spawn } from 'node:child_process';
import { explain, installNpmPackages, pinnedNode, ROOT } from './prepare.mjs';
import { red } from './progress.mjs';

try {
  await installNpmPackages();
  const [script, ...args] = process.argv.slice(2);
  const child = spawn(pinnedNode(), ['--disable-warning=ExperimentalWarning', script, ...args], {
    stdio: 'inherit',
    cwd: ROOT,
  });
  // On Ctrl-C the terminal tells the child itself, which then cleans up: we wait for it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('close', (code, signal) => process.exit(code ?? (signal ? 130 : 1)));
} catch (error) {
  console.error(red(explain(error)));
  process.exit(1);
}
