/** The pure pieces of the sandbox. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  linkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { Cgroup } from "../../../src/runtime/sandbox/cgroup.js";
import {
  makeEnvironmentFolder,
  removeEnvironmentFolder,
  safeName,
  supervisorName,
  sweepEnvironmentFolders,
} from "../../../src/runtime/sandbox/environment-folder.js";
import { exitFromNode, exitFromStatus } from "../../../src/runtime/sandbox/exit-status.js";
import { mergeLayers } from "../../../src/runtime/sandbox/layers.js";
import { flagsOf, hasSubmounts, parseMountinfo } from "../../../src/runtime/sandbox/mountinfo.js";
import { quote } from "../../../src/runtime/sandbox/shell.js";
import { cpuQuotaOf } from "../../../src/runtime/limits/cpu.js";
import { folderBytes } from "../../../src/runtime/limits/tmp.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lambda-run-pieces-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each(["plain", "it's", "two\nlines", '$HOME `id` \\ " !', ""])(
  "a shell gives back the word %j unchanged",
  (word) => {
    expect(execFileSync("/bin/sh", ["-c", `printf %s ${quote(word)}`], { encoding: "utf8" })).toBe(word);
  },
);

test.each([
  [0, undefined, { kind: "exit", code: 0 }],
  [1, undefined, { kind: "exit", code: 1 }],
  [127, undefined, { kind: "exit", code: 127 }],
  [137, undefined, { kind: "signal", signal: "killed" }],
  [139, undefined, { kind: "signal", signal: "segmentation fault" }],
  [134, undefined, { kind: "signal", signal: "aborted" }],
  [137, 137, { kind: "exit", code: 137 }],
  [137, 0, { kind: "signal", signal: "killed" }],
  [255, undefined, { kind: "exit", code: 255 }],
])("shell status %p with clean code %p is told as %p", (status, clean, exit) => {
  expect(exitFromStatus(status, clean)).toEqual(exit);
});

test("Node's signal names are told in Lambda's words", () => {
  expect(exitFromNode(null, "SIGKILL")).toEqual({ kind: "signal", signal: "killed" });
  expect(exitFromNode(null, "SIGABRT")).toEqual({ kind: "signal", signal: "aborted" });
  expect(exitFromNode(null, "SIGBUS")).toEqual({ kind: "signal", signal: "bus error" });
  expect(exitFromNode(4, null)).toEqual({ kind: "exit", code: 4 });
});

describe("mount flags:", () => {
  const mounts = parseMountinfo(
    [
      "22 1 0:21 / / rw,relatime - ext4 /dev/sda rw",
      "23 22 0:22 / /home rw,nosuid,nodev,noatime - ext4 /dev/sdb rw",
      "24 22 0:23 / /mnt/with\\040space ro,noexec,relatime - tmpfs t ro",
      "25 22 0:24 / /strict rw - tmpfs t rw",
    ].join("\n"),
  );

  test("a path has the flags of the nearest mount above it", () => {
    expect(flagsOf(mounts, "/home/me/code")).toEqual(["nosuid", "nodev", "noatime"]);
    expect(flagsOf(mounts, "/homeless")).toEqual(["relatime"]);
  });

  test("blanks in mount points are understood", () => {
    expect(flagsOf(mounts, "/mnt/with space/x")).toEqual(["ro", "noexec", "relatime"]);
  });

  test("no atime flag means strictatime, which a remount has to name", () => {
    expect(flagsOf(mounts, "/strict/x")).toEqual(["strictatime"]);
  });

  test("a mount below a folder is seen", () => {
    expect(hasSubmounts(mounts, "/mnt")).toBe(true);
    expect(hasSubmounts(mounts, "/home")).toBe(false);
  });
});

describe("layers:", () => {
  const put = (path: string): void => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), path);
  };

  test("a single layer is shown whole", () => {
    put("a/x");
    expect(mergeLayers([join(folder, "a")], "/opt")).toEqual([
      { kind: "bind", hostPath: join(folder, "a"), guestPath: "/opt" },
    ]);
  });

  test("only shared folders are opened, later files win, links stay links", () => {
    put("a/lib/same");
    put("a/lib/a");
    put("b/lib/same");
    put("b/own/deep/file");
    symlinkSync("lib/a", join(folder, "a", "link"));
    const merged = mergeLayers([join(folder, "a"), join(folder, "b")], "/opt");
    expect(merged).toHaveLength(6);
    expect(merged).toEqual(
      expect.arrayContaining([
        { kind: "directory", guestPath: "/opt" },
        { kind: "directory", guestPath: "/opt/lib" },
        { kind: "bind", hostPath: join(folder, "a/lib/a"), guestPath: "/opt/lib/a" },
        { kind: "bind", hostPath: join(folder, "b/lib/same"), guestPath: "/opt/lib/same" },
        { kind: "bind", hostPath: join(folder, "b/own"), guestPath: "/opt/own" },
        { kind: "symlink", target: "lib/a", guestPath: "/opt/link" },
      ]),
    );
  });

  test("a later file hides an earlier folder of the same name", () => {
    put("a/name/inside");
    put("b/name");
    expect(mergeLayers([join(folder, "a"), join(folder, "b")], "/opt")).toContainEqual({
      kind: "bind",
      hostPath: join(folder, "b/name"),
      guestPath: "/opt/name",
    });
  });
});

test("the CPU share is memory over 1,769 MB, never below the kernel's least quota", () => {
  expect(cpuQuotaOf(1769)).toEqual({ quotaUs: 20_000, periodUs: 20_000 });
  expect(cpuQuotaOf(512).quotaUs / 20_000).toBeCloseTo(512 / 1769, 3);
  expect(cpuQuotaOf(10_240).quotaUs).toBeGreaterThan(5 * 20_000);
  expect(cpuQuotaOf(64).quotaUs).toBe(1000);
});

test("a version 2 control group is read and written by its own file names", () => {
  // A plain folder stands for the kernel's, with the files that the kernel would make.
  const home = { version: 2, memory: folder, cpu: folder } as const;
  const spec = {
    id: "env",
    memoryMb: 512,
    ephemeralStorageMb: 1024,
    taskRoot: "/",
    layers: [],
    mounts: [],
    faithfulCpu: true,
  };
  const made = join(folder, `${supervisorName()}.env`);
  mkdirSync(made);
  writeFileSync(join(made, "memory.current"), "12345\n");
  writeFileSync(join(made, "memory.events"), "low 0\noom 3\noom_kill 2\noom_group_kill 0\n");
  writeFileSync(join(made, "memory.stat"), "anon 1000\nfile 5\nfile_mapped 200\nanon_thp 7\n");
  const group = new Cgroup(home, spec);
  expect(group.usageBytes()).toBe(12_345);
  expect(group.oomKills()).toBe(2);
  expect(group.processBytes()).toBe(1200);
  expect(readFileSync(join(made, "memory.max"), "utf8")).toBe(String(1536 * 1024 * 1024));
  expect(readFileSync(join(made, "memory.swap.max"), "utf8")).toBe("0");
  expect(readFileSync(join(made, "cpu.max"), "utf8")).toBe("5789 20000");

  // The kernel would kill until it fits.
  expect(group.setLimit(12_344)).toBe(false);
  expect(readFileSync(join(made, "memory.max"), "utf8")).toBe(String(1536 * 1024 * 1024));
  expect(group.setLimit(12_345)).toBe(true);
  expect(readFileSync(join(made, "memory.max"), "utf8")).toBe("12345");
});

test("folder size counts disk blocks once per file and no holes", async () => {
  writeFileSync(join(folder, "full"), Buffer.alloc(64 * 1024, 1));
  linkSync(join(folder, "full"), join(folder, "again"));
  writeFileSync(join(folder, "hole"), "");
  truncateSync(join(folder, "hole"), 10 * 1024 * 1024);
  expect(await folderBytes(folder)).toBe(64 * 1024);
});

test("a name from outside climbs out of no folder", () => {
  expect(safeName("../../etc")).toBe("__.._etc");
  expect(safeName("..")).toBe("_");
  expect(safeName("fn:1/2")).toBe("fn_1_2");
});

test.each(["mountPoints", "storage"] as const)(
  "%s of dead supervisors are swept, those of the living stay",
  async (kind) => {
    const mine = makeEnvironmentFolder("swept", kind);
    const user = join(mine, "..", "..");
    const dead = join(user, "4194305-1", "env"); // above the highest process id of Linux
    mkdirSync(join(dead, "closed", "inside"), { recursive: true });
    chmodSync(join(dead, "closed"), 0o000);
    await sweepEnvironmentFolders();
    expect(existsSync(join(user, "4194305-1"))).toBe(false);
    expect(existsSync(mine)).toBe(true);
    await removeEnvironmentFolder(mine);
    expect(existsSync(mine)).toBe(false);
  },
);
