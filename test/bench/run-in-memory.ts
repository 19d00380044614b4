/**
 * /run is in memory on every host with systemd, and both peers' run directories are there. Where it is not, the bench
 * would measure how a filesystem makes small files: so it gives itself one, in a mount namespace of its own.
 */
import { spawnSync } from 'node:child_process';

const MARK = 'TSLXC_BENCH_RUN_IN_MEMORY';

/** Runs this program once more with such a /run, and returns its exit status; undefined in there. */
export function againWithRunInMemory(): number | undefined {
  if (process.env[MARK]) return undefined;
  const script = 'mount -t tmpfs -o mode=755 run /run && exec "$0" "$@"';
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status, error } = spawnSync('unshare', ['--mount', 'sh', '-c', script, ...program], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: '1' },
  });
  if (error) throw error;
  return status ?? 1;
}
