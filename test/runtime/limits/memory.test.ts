import { MemoryGuard } from "../../../src/runtime/limits/memory.js";

const MB = 1024 * 1024;

/** Polls once and gives the limits that were set. */
function limitsSetFor(figures: {
  readonly residentMb: number;
  readonly chargedMb: number;
  readonly usageMb: number;
}): number[] {
  jest.useFakeTimers();
  const limits: number[] = [];
  const guard = new MemoryGuard({
    limitBytes: 512 * MB,
    tmpSizeBytes: 512 * MB,
    group: {
      usageBytes: () => figures.usageMb * MB,
      processBytes: () => figures.chargedMb * MB,
      setLimit: (bytes) => limits.push(bytes / MB),
      oomKills: () => 0,
    },
    treeMemory: () => ({ residentBytes: figures.residentMb * MB }),
    tmpUsedBytes: () => 0,
    onExceeded: () => undefined,
  });
  guard.watch();
  jest.advanceTimersByTime(5);
  guard.rest();
  jest.useRealTimers();
  return limits;
}

test("the kernel's limit stands lower by what the group is not charged for", () => {
  expect(limitsSetFor({ residentMb: 400, chargedMb: 360, usageMb: 360 })).toEqual([472]);
});

test("no limit below nothing is set while the processes of a group are going", () => {
  expect(limitsSetFor({ residentMb: 520, chargedMb: 0, usageMb: 0 })).toEqual([]);
});
