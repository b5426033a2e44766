import { MemoryGuard } from "../../../src/runtime/limits/memory.js";

const MB = 1024 * 1024;

interface Figures {
  readonly residentMb: number;
  readonly chargedMb: number;
  readonly usageMb: number;
}

/** A guard of a group that takes limits, or refuses them while more is in use. */
function guardOf(figures: Figures, limits: number[], takes: () => boolean): MemoryGuard {
  return new MemoryGuard({
    limitBytes: 512 * MB,
    tmpSizeBytes: 512 * MB,
    group: {
      usageBytes: () => figures.usageMb * MB,
      processBytes: () => figures.chargedMb * MB,
      setLimit: (bytes) => {
        limits.push(bytes / MB);
        return takes();
      },
      oomKills: () => 0,
    },
    treeMemory: () => ({ residentBytes: figures.residentMb * MB }),
    tmpUsedBytes: () => 0,
    onExceeded: () => undefined,
  });
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Polls once and gives the limits that were set. */
function limitsSetFor(figures: Figures): number[] {
  const limits: number[] = [];
  const guard = guardOf(figures, limits, () => true);
  guard.watch();
  jest.advanceTimersByTime(5);
  guard.rest();
  return limits;
}

test("the kernel's limit stands lower by what the group is not charged for", () => {
  expect(limitsSetFor({ residentMb: 400, chargedMb: 360, usageMb: 360 })).toEqual([472]);
});

test("no limit below nothing is set while the processes of a group are going", () => {
  expect(limitsSetFor({ residentMb: 520, chargedMb: 0, usageMb: 0 })).toEqual([]);
});

test("a limit that the kernel refuses is set at the next look", () => {
  const limits: number[] = [];
  let takes = false;
  const guard = guardOf({ residentMb: 400, chargedMb: 360, usageMb: 360 }, limits, () => takes);
  guard.watch();
  jest.advanceTimersByTime(5);
  takes = true;
  jest.advanceTimersByTime(100);
  guard.rest();
  expect(limits).toEqual([472, 472]);
});

test("the limit that stood for one process is opened before the next", () => {
  const limits: number[] = [];
  const guard = guardOf({ residentMb: 400, chargedMb: 360, usageMb: 360 }, limits, () => true);
  guard.watch();
  jest.advanceTimersByTime(5);
  guard.emptied();
  jest.advanceTimersByTime(100);
  expect(limits).toEqual([472, 1024]);
});
