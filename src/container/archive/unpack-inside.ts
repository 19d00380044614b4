/**
 * Unpacks a tar that may be hostile: wherever its paths and links lead, only the target can be
 * written.
 */
import { mkdirSync } from 'node:fs';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { diskFull, tellsOfFullDisk } from '../../storage/disk-full.ts';
import { MOUNT_POINT, makeMountPoint } from '../../storage/mounted-volume.ts';
import { runTool } from '../../storage/run-tool.ts';
import type { CopyReports } from '../copies/copy-rootfs.ts';
import type { MemberDigest } from './metadata.ts';
import { type Member, readAt } from './tar-container.ts';
import { UnpackGauge, type UnpackLimits } from './unpack-limits.ts';

/**
 * A root of its own for tar: the host's programs read-only, the target, and nothing else. It is a
 * tmpfs in a mount namespace that ends with tar.
 */
const SCRIPT = `target=$1 root=$2
shift 2
mount -t tmpfs -o mode=0700,size=64k tslxc "$root"
mkdir "$root/target"
mount --bind "$target" "$root/target"
for part in usr bin sbin lib lib32 lib64 libx32 nix gnu; do
  if [ -L "/$part" ]; then ln -s "$(readlink "/$part")" "$root/$part"
  elif [ -d "/$part" ]; then
    mkdir "$root/$part"
    mount --bind "/$part" "$root/$part"
    mount -o remount,bind,ro "$root/$part"
  fi
done
mount -o remount,ro "$root"
exec chroot "$root" tar "$@"`;

const FAITHFULLY = [
  '--extract',
  '--same-owner',
  '--same-permissions',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=*',
  '--acls',
  '--sparse',
  '--delay-directory-restore',
  // A line for each entry, for any name.
  '-vv',
  '--quoting-style=escape',
] as const;

const CHUNK = 1024 * 1024;

export interface Unpacking {
  readonly fd: number;
  readonly member: Member;
  /** What it is packed with. */
  readonly program: string;
  /** Exists and is empty. */
  readonly target: string;
  readonly limits: UnpackLimits;
  /** The digest of the unpacked bytes: the archive may change after it was verified. */
  readonly digest: MemberDigest;
  readonly reports: CopyReports;
}

/** @throws TslxcError STORAGE with tar's words, DISK_FULL, TOOL_MISSING; or the signal's reason */
export async function unpackInside({
  fd,
  member,
  program,
  target,
  limits,
  digest,
  reports,
}: Unpacking): Promise<void> {
  makeMountPoint();
  mkdirSync(MOUNT_POINT, { recursive: true });
  const tar = [...FAITHFULLY, '-I', program, '--file=-', '-C', '/target'];
  const script = ['sh', '-euc', SCRIPT, 'sh', target, MOUNT_POINT, ...tar];
  const begin = Date.now();
  const gauge = new UnpackGauge(limits);
  const tooMuch = new AbortController();
  const { code, complaints } = await runTool({
    tool: 'unshare',
    args: ['--mount', '--propagation', 'private', '--', ...script],
    package: 'util-linux',
    signal: reports.signal ? AbortSignal.any([reports.signal, tooMuch.signal]) : tooMuch.signal,
    onChunk(chunk) {
      const fault = gauge.add(chunk);
      if (fault) tooMuch.abort(fault);
    },
    *input() {
      for (let done = 0; done < member.size; ) {
        const chunk = readAt(fd, member.offset + done, Math.min(CHUNK, member.size - done));
        if (chunk.length === 0) break;
        digest.add(chunk);
        done += chunk.length;
        reports.onProgress?.({ bytes: done, rate: done / Math.max(0.001, (Date.now() - begin) / 1000) });
        yield chunk;
      }
    },
  });
  if (code === 0) return digest.check();
  const words = complaints.join('\n');
  if (tellsOfFullDisk(words)) throw diskFull(target, '', words);
  const first = complaints.find((line) => line.startsWith('tar: ')) ?? complaints[0];
  throw new TslxcError({
    code: 'STORAGE',
    message: `the archive's files cannot be unpacked: ${first?.replace(/^tar: /, '') ?? `tar ended with status ${code}`}`,
    cause: words,
  });
}
