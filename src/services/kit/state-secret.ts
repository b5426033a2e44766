/** The secret of a state folder: made once, and readable without opening the store. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, errnoOf, messageOf } from "../../shared/errors.js";
import { makeFolder } from "../../shared/folders.js";

const SECRET_BYTES = 32;

/** Reads the secret of a state folder, making both where missing. Throws LR5002 when the folder cannot be written. */
export function stateSecret(folder: string): Buffer {
  const path = join(folder, "secret");
  try {
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw unusable(folder, error);
  }
  const secret = randomBytes(SECRET_BYTES);
  try {
    makeFolder(folder);
    // Fails when another process was first: then its secret counts.
    writeFileSync(path, secret, { mode: 0o600, flag: "wx" });
    return secret;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return readFileSync(path);
    throw unusable(folder, error);
  }
}

function unusable(folder: string, error: unknown): AppError {
  return new AppError("LR5002", {
    what: "The state folder cannot be written",
    where: folder,
    why: messageOf(error),
    cause: error,
  });
}
