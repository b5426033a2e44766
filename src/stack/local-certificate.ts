/** The key of this machine's port, made once a project, and the certificate where functions find it. */
import { X509Certificate } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rootCertificates } from "node:tls";
import { BUNDLE_FILE, CERTIFICATE_FILE, trustFolder } from "../runtime/trust.js";
import { errnoOf } from "../shared/errors.js";
import { selfSigned, type SelfSigned } from "../shared/self-signed.js";

const DAY_MS = 24 * 3_600_000;
const LIFE_MS = 3650 * DAY_MS;
const NAMES = ["localhost", "*.localhost", "*.execute-api.localhost", "127.0.0.1", "::1"];

/** Two stacks that start at once agree on one. */
export function localCertificate(cache: string): SelfSigned {
  const trust = trustFolder(cache);
  const file = join(dirname(trust), "key-pair.json");
  mkdirSync(trust, { recursive: true });
  const pair = pairIn(file) ?? makePair(file);
  replace(join(trust, CERTIFICATE_FILE), pair.cert);
  replace(join(trust, BUNDLE_FILE), [...rootCertificates, pair.cert].join("\n"));
  return pair;
}

/** Undefined where there is none that will do. */
function pairIn(file: string): SelfSigned | undefined {
  try {
    const pair = JSON.parse(readFileSync(file, "utf8")) as SelfSigned;
    const { validTo } = new X509Certificate(pair.cert);
    return Date.parse(validTo) - Date.now() > DAY_MS ? pair : undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    // A file that was written halfway, or by something else, is made anew.
    if (error instanceof SyntaxError || errnoOf(error)?.startsWith("ERR_") === true) return undefined;
    throw error;
  }
}

function makePair(file: string): SelfSigned {
  const pair = selfSigned(NAMES, "lambda-run on this machine", LIFE_MS, Date.now());
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(pair), { mode: 0o600 });
  try {
    if (pairIn(file) === undefined) rmSync(file, { force: true });
    linkSync(draft, file);
    return pair;
  } catch (error) {
    const other = errnoOf(error) === "EEXIST" ? pairIn(file) : undefined;
    if (other === undefined) throw error;
    return other;
  } finally {
    rmSync(draft, { force: true });
  }
}

function replace(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}
