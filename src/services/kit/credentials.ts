/**
 * Who may call the embedded services: fixed pairs (`test`/`test`) and session credentials. Sessions are stateless:
 * the token carries what was granted under a seal made with the secret of the state folder, and the two keys are
 * derived from the token. So a URL that a function presigned still verifies in a later process on the same folder.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";

/** Who signed a request. */
export interface Caller {
  readonly accessKeyId: string;
  readonly accountId: string;
  /** ARN of the user or of the assumed role. */
  readonly arn: string;
  readonly userId: string;
}

export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Accepted along with the pair. AWS knows no token for a long-lived key; scripts of this field set `test` thrice. */
  readonly sessionToken?: string;
}

/** The pair that scripts of this field expect to work anywhere. */
export const DEFAULT_KEY_PAIR: KeyPair = { accessKeyId: "test", secretAccessKey: "test", sessionToken: "test" };

interface SessionRequest {
  /** `arn:aws:iam::000000000000:role/NAME`, with or without a path; or `...:root` for the account itself. */
  readonly roleArn: string;
  /** What the session is called in the caller's ARN; Lambda uses the name of the function. */
  readonly sessionName: string;
  readonly expiresAtMs: number;
}

export interface SessionCredentials {
  /** `ASIA...` */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
  /** `AROA...:sessionName`, as STS calls `AssumedRoleId`. */
  readonly userId: string;
  /** `arn:aws:sts::000000000000:assumed-role/ROLE/sessionName` */
  readonly arn: string;
}

export type SecretLookup =
  | { readonly status: "ok"; readonly secretAccessKey: string; readonly caller: Caller }
  | { readonly status: "unknown-key" | "invalid-token" | "expired-token" };

export interface Credentials {
  issueSession(session: SessionRequest): SessionCredentials;
  /** The secret of a key, and whom it stands for. */
  secretFor(accessKeyId: string, sessionToken: string | undefined): SecretLookup;
}

export interface CredentialsOptions {
  readonly realm: Realm;
  readonly clock: Clock;
  /** Secret of the state folder; asked for at the first session. */
  readonly secret: () => Buffer;
  /** Pairs besides `test`/`test`. */
  readonly keyPairs?: readonly KeyPair[];
  /** One more, which is another one from time to time. */
  readonly currentPair?: (() => KeyPair | undefined) | undefined;
  /** Accept the given pairs alone: a store that plays somebody else's. */
  readonly withoutDefaultPair?: boolean;
}

interface OpenedSession {
  readonly expiresAtMs: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly caller: Caller;
}

/** Opening a token costs a seal, two derivations and a parse; a client sends the same one thousands of times. */
const MAX_OPENED_SESSIONS = 256;
/** AWS tokens stay under 4 KB; anything longer is refused unread. */
const MAX_TOKEN_LENGTH = 4096;
const SEAL_BYTES = 32;

export function createCredentials(options: CredentialsOptions): Credentials {
  const { realm, clock } = options;
  const fixed = new Map<string, KeyPair>();
  const defaults = options.withoutDefaultPair === true ? [] : [DEFAULT_KEY_PAIR];
  for (const pair of [...defaults, ...(options.keyPairs ?? [])]) fixed.set(pair.accessKeyId, pair);
  const opened = new Map<string, OpenedSession>();
  const derive = (purpose: string, data: string | Buffer): Buffer =>
    createHmac("sha256", options.secret()).update(purpose).update("\0").update(data).digest();

  function keysOf(body: Buffer): Pick<OpenedSession, "accessKeyId" | "secretAccessKey"> {
    const accessKeyId = `ASIA${base32(derive("access-key", body)).slice(0, 16)}`;
    return { accessKeyId, secretAccessKey: derive("secret-key", accessKeyId).toString("base64").slice(0, 40) };
  }

  function callerOf(accessKeyId: string, roleArn: string, sessionName: string): Caller {
    const [, , , , accountId = realm.accountId, resource = ""] = roleArn.split(":");
    // GetSessionToken: temporary keys of the account itself.
    if (resource === "root") return { accessKeyId, accountId, arn: roleArn, userId: accountId };
    const roleName = resource.slice(resource.lastIndexOf("/") + 1);
    const roleId = `AROA${base32(createHmac("sha256", "role").update(roleArn).digest()).slice(0, 17)}`;
    return {
      accessKeyId,
      accountId,
      arn: `arn:aws:sts::${accountId}:assumed-role/${roleName}/${sessionName}`,
      userId: `${roleId}:${sessionName}`,
    };
  }

  function open(token: string): OpenedSession | undefined {
    const known = opened.get(token);
    if (known !== undefined) return known;
    if (token.length > MAX_TOKEN_LENGTH) return undefined;
    const bytes = Buffer.from(token, "base64");
    if (bytes.length <= SEAL_BYTES) return undefined;
    const body = bytes.subarray(SEAL_BYTES);
    if (!timingSafeEqual(bytes.subarray(0, SEAL_BYTES), derive("seal", body))) return undefined;
    // Only we make seals, so what is under one has our form.
    const [expiresAtMs, roleArn, sessionName] = JSON.parse(body.toString("utf8")) as [number, string, string];
    const keys = keysOf(body);
    const session = { expiresAtMs, ...keys, caller: callerOf(keys.accessKeyId, roleArn, sessionName) };
    if (opened.size >= MAX_OPENED_SESSIONS) opened.clear();
    opened.set(token, session);
    return session;
  }

  return {
    issueSession({ roleArn, sessionName, expiresAtMs }) {
      const nonce = randomBytes(9).toString("base64");
      const body = Buffer.from(JSON.stringify([expiresAtMs, roleArn, sessionName, nonce]));
      const sessionToken = Buffer.concat([derive("seal", body), body]).toString("base64");
      const keys = keysOf(body);
      const { arn, userId } = callerOf(keys.accessKeyId, roleArn, sessionName);
      return { ...keys, sessionToken, expiresAtMs, arn, userId };
    },

    secretFor(accessKeyId, sessionToken) {
      const current = options.currentPair?.();
      const pair = current?.accessKeyId === accessKeyId ? current : fixed.get(accessKeyId);
      if (pair !== undefined) {
        if (sessionToken !== undefined && sessionToken !== pair.sessionToken) return { status: "invalid-token" };
        const arn = `arn:aws:iam::${realm.accountId}:root`;
        const caller = { accessKeyId, accountId: realm.accountId, arn, userId: realm.accountId };
        return { status: "ok", secretAccessKey: pair.secretAccessKey, caller };
      }
      if (sessionToken === undefined) return { status: "unknown-key" };
      const session = open(sessionToken);
      if (session === undefined) return { status: accessKeyId.startsWith("ASIA") ? "invalid-token" : "unknown-key" };
      if (session.accessKeyId !== accessKeyId) return { status: "invalid-token" };
      if (session.expiresAtMs <= clock.now()) return { status: "expired-token" };
      return { status: "ok", secretAccessKey: session.secretAccessKey, caller: session.caller };
    },
  };
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Access key ids are written in this alphabet; one character from the low five bits of each byte is enough here. */
function base32(bytes: Buffer): string {
  let text = "";
  for (const byte of bytes) text += BASE32.charAt(byte & 31);
  return text;
}
