/**
 * Deployment packages of functions and layers that the API made, unpacked in the state folder under their hash: equal
 * packages are there once, and publishing a version copies nothing.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LAMBDA } from "../../shared/aws-limits.js";
import { AppError } from "../../shared/errors.js";
import type { StateStore } from "../kit/state-store.js";
import { entityTooLarge, invalidParameter } from "./errors.js";

export interface StoredPackage {
  /** Base64, as AWS shows it. */
  readonly codeSha256: string;
  readonly codeSizeBytes: number;
}

/** Longer than any CreateFunction takes. */
const SETTLING_MS = 60_000;

export class CodeFolder {
  readonly #state: () => StateStore;
  /** When each package was last asked for: its function's row may not be written yet. */
  readonly #keptAtMs = new Map<string, number>();
  /** By hash: two functions may be made of one package at the same moment. */
  readonly #unpacking = new Map<string, Promise<void>>();

  constructor(state: () => StateStore) {
    this.#state = state;
  }

  /** Where the content lies; the ZIP itself lies beside it as `.zip`. */
  pathOf(codeSha256: string): string {
    return join(this.#state().folder, "lambda", Buffer.from(codeSha256, "base64").toString("hex"));
  }

  /** Unpacks. Throws what Lambda answers for packages that it does not take. */
  async keep(zip: Buffer): Promise<StoredPackage> {
    if (zip.length > LAMBDA.zippedPackageBytes)
      throw entityTooLarge(`Zipped size must be smaller than ${LAMBDA.zippedPackageBytes} bytes`);
    const codeSha256 = createHash("sha256").update(zip).digest("base64");
    const folder = this.pathOf(codeSha256);
    this.#keptAtMs.set(codeSha256, Date.now());
    let unpacking = this.#unpacking.get(codeSha256);
    if (unpacking === undefined && !existsSync(folder)) {
      unpacking = unpack(zip, folder).finally(() => this.#unpacking.delete(codeSha256));
      this.#unpacking.set(codeSha256, unpacking);
    }
    await unpacking;
    return { codeSha256, codeSizeBytes: zip.length };
  }

  /**
   * Removes a package that no function names. One that was kept a moment ago stays: another call may be making a
   * function of it, and a package too many costs less than a function without its code.
   */
  async remove(codeSha256: string): Promise<void> {
    if (Date.now() - (this.#keptAtMs.get(codeSha256) ?? 0) < SETTLING_MS) return;
    this.#keptAtMs.delete(codeSha256);
    const folder = this.pathOf(codeSha256);
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}.zip`, { force: true });
  }
}

async function unpack(zip: Buffer, folder: string): Promise<void> {
  try {
    // With its library only for those who upload: 4 ms of every start otherwise.
    const { unzip } = await import("../../runtime/unzip.js");
    await unzip(zip, folder);
    await writeFile(`${folder}.zip`, zip);
  } catch (error) {
    if (error instanceof AppError && error.code === "LR4001") throw invalidParameter(error.what);
    if (error instanceof AppError)
      throw invalidParameter("Could not unzip uploaded file. Please check your file, then try to upload again.");
    throw error;
  }
}
