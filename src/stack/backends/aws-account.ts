/**
 * The user's own AWS account: credentials, region and endpoints as the AWS SDK finds them on this machine (variables,
 * profile, SSO, assumed roles), by the SDK itself. Keys are held in memory only; they go to AWS and into the environment
 * of functions, and nowhere else. https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { CONFIG_PREFIX_SEPARATOR, getProfileName, loadSharedConfigFiles } from "@smithy/core/config";
import type { KeyPair } from "../../services/kit/credentials.js";
import type { Realm } from "../../shared/arn.js";
import type { Cancel, Clock } from "../../shared/clock.js";
import { AppError, errnoOf, messageOf } from "../../shared/errors.js";

/** For a person who waits: the SDK itself would wait for minutes. */
const CONNECT_WITHIN_MS = 3000;
const ANSWER_WITHIN_MS = 5000;
const ATTEMPTS = 2;
/** The SDK renews keys five minutes before their end; asked a little later it has new ones. */
const RENEW_BEFORE_END_MS = 4 * 60_000;
const RENEW_AT_LEAST_AFTER_MS = 30_000;

const FIX =
  "Log in (`aws sso login`, `aws configure`), or name what is to be used: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. " +
  "Without --backend aws none are needed.";

export type Keys = KeyPair & { readonly expiration?: Date };

/** Which account and region the template is read for. `asked` is what config and flags say themselves. */
export async function awsRealm(asked: Partial<Realm>): Promise<Realm> {
  const region = asked.region ?? (await ownRegion());
  const client = clientFor(region);
  try {
    const { Account = "" } = await client.send(new GetCallerIdentityCommand({}));
    if (asked.accountId !== undefined && asked.accountId !== Account)
      throw new AppError("LR2005", {
        what: `The credentials are of the account ${Account}, and the config says ${asked.accountId}`,
        where: "accountId",
        fix: "Use the credentials of that account, or leave accountId out.",
      });
    return { region, accountId: Account };
  } catch (error) {
    throw explained(error);
  } finally {
    client.destroy();
  }
}

export class AwsAccount {
  readonly region: string;
  /** `AWS_ENDPOINT_URL` and its kin where the user has set them: functions see AWS as the user's own tools do. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** For clients of ours: renews by itself. */
  readonly credentials: () => Promise<Keys>;
  #keys: Keys;
  #renewal: Cancel | undefined;
  #closed = false;

  private constructor(region: string, endpoints: Record<string, string>, source: () => Promise<Keys>, keys: Keys) {
    this.region = region;
    this.endpoints = endpoints;
    this.credentials = source;
    this.#keys = keys;
  }

  /** Throws LR5013. */
  static async open(region: string): Promise<AwsAccount> {
    const { config } = clientFor(region);
    const source = config.credentials;
    try {
      return new AwsAccount(region, await ownEndpoints(), source, await source());
    } catch (error) {
      throw explained(error);
    }
  }

  /** The pair of this moment, for environments that start now. */
  get keys(): KeyPair {
    const { accessKeyId, secretAccessKey, sessionToken } = this.#keys;
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }

  /** Calls whenever there are other keys than before; keys without an end stay. */
  onRenewed(clock: Clock, told: () => void, failed: (error: AppError) => void): void {
    const { expiration } = this.#keys;
    // A renewal may have been under way when the account was closed.
    if (expiration === undefined || this.#closed) return;
    const inMs = Math.max(RENEW_AT_LEAST_AFTER_MS, expiration.getTime() - RENEW_BEFORE_END_MS - clock.now());
    const renew = async (): Promise<void> => {
      try {
        const before = this.#keys.accessKeyId;
        this.#keys = await this.credentials();
        if (this.#keys.accessKeyId !== before && !this.#closed) told();
      } catch (error) {
        if (!this.#closed) failed(explained(error));
      }
      this.onRenewed(clock, told, failed);
    };
    this.#renewal = clock.after(inMs, () => void renew());
  }

  close(): void {
    this.#closed = true;
    this.#renewal?.();
  }
}

function clientFor(region: string): STSClient {
  return new STSClient({
    region,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, requestTimeout: ANSWER_WITHIN_MS },
  });
}

async function ownRegion(): Promise<string> {
  try {
    return await new STSClient({}).config.region();
  } catch {
    // The SDK for JavaScript does not read the variable that the CLI and Python's read.
    const other = process.env["AWS_DEFAULT_REGION"];
    if (other !== undefined && other !== "") return other;
    throw new AppError("LR5013", {
      what: "No AWS region is set",
      fix: "Pass --region, or set AWS_REGION or the region of the profile.",
    });
  }
}

/** As the SDK for JavaScript reads them: variables first; a variable for all services hides the whole profile. */
async function ownEndpoints(): Promise<Record<string, string>> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] => /^AWS_ENDPOINT_URL(_[A-Z0-9_]+)?$/.test(entry[0]) && (entry[1] ?? "") !== "",
  );
  const { configFile } = await loadSharedConfigFiles();
  const profile = configFile[getProfileName({})] ?? {};
  if (process.env["AWS_ENDPOINT_URL"] !== undefined) return Object.fromEntries(own);
  const services = configFile[["services", profile["services"]].join(CONFIG_PREFIX_SEPARATOR)] ?? {};
  const suffix = `${CONFIG_PREFIX_SEPARATOR}endpoint_url`;
  const ofServices = Object.entries(services).flatMap(([key, value]): [string, string][] =>
    key.endsWith(suffix) && value !== undefined
      ? [[`AWS_ENDPOINT_URL_${key.slice(0, -suffix.length).toUpperCase()}`, value]]
      : [],
  );
  const forAll = profile["endpoint_url"];
  return Object.fromEntries([
    ...(forAll === undefined ? [] : [["AWS_ENDPOINT_URL", forAll] as const]),
    ...ofServices,
    ...own,
  ]);
}

/** What the SDK throws when keys are missing, at their end or refused, in one error with what to do. */
function explained(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const name = error instanceof Error ? error.name : "";
  const why = messageOf(error);
  const profile = process.env["AWS_PROFILE"] === undefined ? "" : ` (AWS_PROFILE is ${process.env["AWS_PROFILE"]})`;
  if (/expired/i.test(`${name} ${why}`))
    return new AppError("LR5013", { what: "The AWS credentials have expired", why, fix: FIX });
  if (/Credentials|TokenProvider|Profile/i.test(name) || /\bprofile\b/i.test(why))
    return new AppError("LR5013", { what: "No AWS credentials were found", why: why + profile, fix: FIX });
  if (error instanceof Error && "$metadata" in error && errnoOf(error) === undefined)
    return new AppError("LR5013", { what: `AWS refuses the credentials (${name})`, why, fix: FIX });
  return new AppError("LR5007", {
    what: "AWS does not answer",
    why,
    fix: "Check the network and AWS_ENDPOINT_URL, or leave --backend aws out: the services are then embedded.",
  });
}
