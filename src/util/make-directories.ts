import { existsSync, mkdirSync } from 'node:fs';

/**
 * Makes a directory and its parents. Node's `recursive` never returns where the kernel answers
 * ENOENT for a directory whose parent exists (/proc), and reports ENOENT for a read-only disk. So
 * it is unsuitable for paths that a user names.
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
      // A file in the way fails at the next part of the path, or when the path is used.
      if (code !== 'EEXIST' && !(code === 'EROFS' && depth < parts.length)) throw error;
    }
  }
}
