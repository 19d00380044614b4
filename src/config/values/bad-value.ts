/**
 * Thrown by the parsers of values. The reader knows the file and the line and makes a located error
 * of it.
 */
export class BadValue extends Error {
  /** Where in the value the trouble starts, from 0. */
  readonly offset: number;

  /** @param why the fault, quoting the offending text: `"x" is not a number` */
  constructor(why: string, offset = 0) {
    super(why);
    this.name = 'BadValue';
    this.offset = offset;
  }
}
