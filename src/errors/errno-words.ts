/**
 * What errnos mean to a user. A message never ends with a bare name of errno.h: it goes through
 * {@link inWords}.
 */

const WORDS: Readonly<Record<string, string>> = {
  E2BIG: 'the arguments are too long',
  EACCES: 'permission denied',
  EAGAIN: 'the host has no room for another process or thread now',
  EBADF: 'it is closed already: the container has just ended',
  EBUSY: 'it is in use',
  ECHILD: 'the process is gone',
  ECONNREFUSED: 'nobody answers there',
  ECONNRESET: 'the other side went away',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'it exists already',
  EFBIG: 'it is too large',
  EIO: 'the device reports an error',
  EISDIR: 'it is a directory',
  ELOOP: 'there are too many symbolic links in its path',
  EMFILE: 'too many files are open in this process (its limit is that of `ulimit -n`)',
  EMLINK: 'there are too many links to it',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'too many files are open on this host',
  ENODEV: 'there is no such device or file system',
  ENOENT: 'it does not exist',
  ENOMEM: 'the host is out of memory',
  ENOSPC: 'no space is left there',
  ENOSYS: 'the kernel of this host cannot do it',
  ENOTDIR: 'a part of its path is no directory',
  ENOTEMPTY: 'the directory is not empty',
  ENXIO: 'nothing is connected to it',
  EOPNOTSUPP: 'the file system cannot do it',
  EPERM: 'the kernel does not permit it',
  EPIPE: 'the other side went away',
  EROFS: 'the file system is read-only',
  ESRCH: 'the process has ended',
  ETXTBSY: 'the file is being run',
  EXDEV: 'it is on another file system',
};

/** `ENOENT: no such file or directory, open '/x'`, and with a second path `-> '/y'`. */
const OF_NODE = /\b(E[A-Z0-9]{2,15}): [a-z][^,\n]*, \w+(?: '([^'\n]*)')?(?: -> '([^'\n]*)')?/g;
/**
 * `openat2: ENOENT` at the end of a line. A single word is the name of a system call, and goes; the
 * end of a sentence or of a path (`cannot open the user namespace: ENOENT`) stays.
 */
const OF_KERNEL = /(^|: |\()(?:[a-z][a-z0-9_]*[A-Za-z0-9]*: )?(E[A-Z0-9]{2,15})$/gm;

/** The message with errnos told in words; the file or the call that met them stays. */
export function inWords(message: string): string {
  return message
    .replace(OF_NODE, (whole, ...found: (string | number | undefined)[]) => {
      const [errno, path, second, at, text] = found as [string, string?, string?, number?, string?];
      const words = WORDS[errno];
      if (words === undefined) return whole;
      // The message names the file itself.
      if (path && second === undefined && text?.slice(0, at).includes(path)) return words;
      return [path, second].filter((one) => one !== undefined).join(' to ') + (path ? `: ${words}` : words);
    })
    .replace(OF_KERNEL, (whole, before: string, errno: string) =>
      WORDS[errno] === undefined ? whole : `${before}${WORDS[errno]}`,
    );
}
