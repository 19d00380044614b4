/**
 * Overlay marks deleted files and replaced directories by device nodes and attributes. A tree that
 * has such marks of its own, since something inside makes overlays, would be misread as a layer.
 * Looking at every file would cost what layers are there to save, so the places where programs keep
 * such trees are looked at.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const PLACES = [
  'var/lib/docker/overlay2',
  'var/lib/containers/storage/overlay',
  'var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots',
  'var/snap/docker/common/var-lib-docker/overlay2',
  'var/lib/tslxc/.layers',
] as const;

/** The first of those places that is in use in a root filesystem. Nothing in it is followed. */
export function keepsOverlays(rootfs: string): string | undefined {
  return PLACES.find((place) => {
    try {
      return readdirSync(join(rootfs, place)).length > 0;
    } catch {
      return false;
    }
  });
}
