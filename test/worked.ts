/** How long this process has worked meanwhile, which what else the machine does has no part in. */
export async function workedMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return process.cpuUsage(before).user / 1000;
}
