/** Processor time of this process, milliseconds. Unlike the clock, it does not grow with the load. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
