import { existsSync, mkdirSync } from 'node:fs';

/**
 * Makes a directory and those above it. Node's own `recursive` never returns where the kernel
 * answers ENOENT for a directory whose parent is there (/proc), and says ENOENT of a read-only
 * disk, so it is not for paths that a user names.
 */
export function makeDirectories(path: string, mode = 0o777): void {
  if (existsSync(path)) return;
  const parts = path.split('/').filter(Boolean);
  for (let depth = 1; depth <= parts.length; depth++) {
    const directory = `${path.startsWith('/') ? '/' : ''}${parts.slice(0, depth).join('/')}`;
    try {
      mkdirSync(directory, mode);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Something in the way that is no directory shows at the next part, or when it is used.
      if (code !== 'EEXIST' && !(code === 'EROFS' && depth < parts.length)) throw error;
    }
  }
}
