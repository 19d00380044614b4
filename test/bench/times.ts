/** Milliseconds, by what was timed. */
export class Times {
  readonly #values = new Map<string, number[]>();

  add(name: string, milliseconds: number): void {
    const values = this.#values.get(name) ?? [];
    values.push(milliseconds);
    this.#values.set(name, values);
  }

  /** Does `work` and notes how long it took. */
  time<Result>(name: string, work: () => Result): Result {
    const since = performance.now();
    const result = work();
    this.add(name, performance.now() - since);
    return result;
  }

  /** Half of the measurements are below it; NaN where there is none. */
  median(name: string): number {
    const sorted = [...(this.#values.get(name) ?? [])].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    if (sorted.length === 0) return Number.NaN;
    return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  }

  /** Where rare long ones matter, which a median does not see. NaN where there is none. */
  mean(name: string): number {
    const values = this.#values.get(name) ?? [];
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  }
}
