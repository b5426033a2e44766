/**
 * Preload of the portable sandbox (`node --require`): shows the environment's private folder as /tmp. Stands alone.
 * All of `node:fs` that takes a path is redirected, named ESM imports too; answers that hold a path are turned back.
 * Approximate: child processes that name /tmp and `process.chdir("/tmp")` escape, and a full /tmp is refused with ENOSPC
 * only after the supervisor has measured it (it then makes `<folder>.full`), not through FileHandle writes under way.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { delimiter, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

const GUEST_TMP = "/tmp";
const NO_SPACE_ERRNO = -28;

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type FunctionTable = Record<string, unknown>;

/** How many leading arguments are paths. */
const ONE_PATH =
  "access appendFile chmod chown exists glob lchmod lchown lstat lutimes mkdir mkdtemp mkdtempDisposable open openAsBlob opendir readFile readdir readlink realpath rm rmdir stat statfs truncate unlink utimes watch watchFile unwatchFile writeFile createReadStream createWriteStream cp copyFile rename link symlink".split(
    " ",
  );
const TWO_PATHS = new Set(["cp", "copyFile", "rename", "link", "symlink"]);
/** Their answers are paths. */
const ANSWERS_PATH = new Set(["mkdtemp", "readlink", "realpath", "mkdir"]);
/** They need room; `open` does so by its flags, `write` by its descriptor. */
const NEEDS_ROOM = new Set([
  "appendFile",
  "writeFile",
  "mkdir",
  "mkdtemp",
  "copyFile",
  "cp",
  "symlink",
  "createWriteStream",
]);

/** Keeps name, arity, `realpath.native` and the symbol that util.promisify goes by. */
function inheriting(wrapped: AnyFunction, original: AnyFunction): AnyFunction {
  return Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

/** `kept` are folders that may lie in the host's /tmp and are no part of the function's: its code, its layers. */
function redirectTmp(hostTmp: string, kept: readonly string[]): void {
  const marker = `${hostTmp}.full`;
  const exists = fs.existsSync;

  const toHost = (path: unknown): unknown => {
    if (path instanceof URL) return path.protocol === "file:" ? toHost(fileURLToPath(path)) : path;
    if (Buffer.isBuffer(path)) return Buffer.from(toHost(path.toString()) as string);
    if (typeof path !== "string") return path; // a descriptor
    const plain = path.startsWith(GUEST_TMP) ? normalize(path) : path;
    if (!isInside(plain, GUEST_TMP) || kept.some((folder) => isInside(plain, folder))) return path;
    // The way to code that lies in the host's /tmp is looked at step by step (realpath), so its steps are kept too.
    // So are the node_modules on that way, which Node looks into for the code's modules.
    const modules = plain.indexOf(`${sep}node_modules`);
    const step = modules > 0 ? plain.slice(0, modules) : plain;
    if (step !== GUEST_TMP && kept.some((folder) => isInside(folder, step))) return path;
    return hostTmp + plain.slice(GUEST_TMP.length);
  };
  const toGuest = (path: unknown): unknown =>
    typeof path === "string" && isInside(path, hostTmp) ? GUEST_TMP + path.slice(hostTmp.length) : path;
  const isInTmp = (path: unknown): boolean => typeof path === "string" && isInside(path, hostTmp);

  const noSpace = (call: string): Error =>
    Object.assign(new Error(`ENOSPC: no space left on device, ${call}`), {
      code: "ENOSPC",
      errno: NO_SPACE_ERRNO,
      syscall: call,
    });
  const needsRoom = (name: string, args: readonly unknown[]): boolean => {
    const target = TWO_PATHS.has(name) ? args[1] : args[0];
    if (!isInTmp(target)) return false;
    return NEEDS_ROOM.has(name) || (name === "open" && typeof args[1] === "string" && /[wa+]/.test(args[1]));
  };
  const hostArgs = (name: string, args: readonly unknown[]): unknown[] =>
    args.map((arg, index) => (index === 0 || (index === 1 && TWO_PATHS.has(name)) ? toHost(arg) : arg));

  /** Sync functions throw, functions with a callback call it, promises reject. */
  const wrap = (owner: object, key: string, name: string, style: "sync" | "callback" | "promise"): void => {
    const table = owner as FunctionTable;
    const original = table[key];
    if (typeof original !== "function") return;
    const call = original as AnyFunction;
    const wrapped: AnyFunction = function (...args) {
      const mapped = hostArgs(name, args);
      const callback = mapped.at(-1);
      if (needsRoom(name, mapped) && exists(marker)) {
        const error = noSpace(name === "open" ? "open" : "write");
        if (style === "promise") return Promise.reject(error);
        if (style === "sync" || typeof callback !== "function") throw error;
        process.nextTick(callback, error);
        return undefined;
      }
      if (!ANSWERS_PATH.has(name)) return call.apply(this, mapped);
      if (style === "promise") return Promise.resolve(call.apply(this, mapped)).then(toGuest);
      if (style === "sync" || typeof callback !== "function") return toGuest(call.apply(this, mapped));
      mapped[mapped.length - 1] = (error: unknown, answer: unknown) =>
        (callback as AnyFunction)(error, toGuest(answer));
      return call.apply(this, mapped);
    };
    table[key] = inheriting(wrapped, call);
  };

  const table = fs as unknown as FunctionTable;
  const promises: object = fs.promises;
  for (const name of ONE_PATH) {
    wrap(table, `${name}Sync`, name, "sync");
    wrap(table, name, name, name.startsWith("create") || name === "openAsBlob" ? "sync" : "callback");
    wrap(promises, name, name, "promise");
  }
  wrap(fs.realpathSync, "native", "realpath", "sync");
  wrap(fs.realpath, "native", "realpath", "callback");
  const full = (fd: unknown): boolean =>
    typeof fd === "number" && fd > 2 && exists(marker) && isInTmp(pathOfDescriptor(fd));
  for (const key of ["writeSync", "writevSync", "write", "writev"]) {
    const call = table[key] as AnyFunction;
    const wrapped: AnyFunction = function (...args) {
      if (!full(args[0])) return call.apply(this, args);
      const callback = args.at(-1);
      if (key.endsWith("Sync") || typeof callback !== "function") throw noSpace("write");
      process.nextTick(callback, noSpace("write"));
      return undefined;
    };
    table[key] = inheriting(wrapped, call);
  }
  syncBuiltinESMExports();
}

const readLink = fs.readlinkSync;

/** Where a descriptor leads; on systems without /proc every descriptor is taken to be elsewhere. */
function pathOfDescriptor(fd: number): string | undefined {
  try {
    return readLink(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

const hostTmp = process.env["LAMBDA_RUN_TMP"];
if (hostTmp !== undefined) {
  delete process.env["LAMBDA_RUN_TMP"]; // the function sees Lambda's variables alone
  const kept = (process.env["LAMBDA_RUN_TMP_KEEP"] ?? "").split(delimiter).filter((folder) => folder !== "");
  delete process.env["LAMBDA_RUN_TMP_KEEP"];
  redirectTmp(hostTmp, [hostTmp, ...kept]);
}
