/**
 * The two families of command names: `tslxc-start` and, for programs that drive LXC, `lxc-start`.
 */
export type CalledAs = 'tslxc' | 'lxc';

/** Parts the name that a command was called by: `lxc-start` is `start`, called as `lxc`. */
export function calledBy(word: string): { readonly name: string; readonly as: CalledAs } {
  return word.startsWith('lxc-')
    ? { name: word.slice('lxc-'.length), as: 'lxc' }
    : { name: word, as: 'tslxc' };
}
