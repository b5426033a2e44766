/**
 * JWT authorizers: signature, issuer, audience, times and scopes of a bearer token. Keys come from the issuer's
 * discovery document, or from the file or URL that the configuration names for it (a machine without network).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
 */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from "jose";
import type { Clock } from "../../../shared/clock.js";
import type { Logger } from "../../../shared/logger.js";
import { errnoOf, messageOf } from "../../../shared/errors.js";
import type { JwtAuthorizer } from "./guards.js";
import type { RequestValues } from "../request-value.js";
import { identityOf } from "./identity.js";
import type { AuthOutcome } from "./lambda-authorizer.js";

/** API Gateway takes RSA signatures only. */
const ALGORITHMS = ["RS256", "RS384", "RS512"];
/** "API Gateway has 1,500 ms to fetch the keys." */
const FETCH_TIMEOUT_MS = 1500;
/** A key that is not known is asked for at once: AWS may take two hours to see a rotation, a developer has not the time. */
const COOLDOWN_MS = 0;
const CLOCK_SKEW_SECONDS = 60;

export interface JwtOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** By issuer: a file with a JWKS, or its URL. */
  readonly keys: Readonly<Record<string, string>>;
  /** Relative files start here. */
  readonly folder: string;
  /** Sentences for a person: a token may be good, and nobody can say so. */
  readonly notice: (text: string) => void;
}

export class JwtAuthorizers {
  readonly #options: JwtOptions;
  readonly #keys = new Map<string, Promise<JWTVerifyGetKey>>();
  /** Issuers whose keys cannot be had: said once, and again when they could be had in between. */
  readonly #missed = new Set<string>();
  readonly #files = new Map<string, { readonly mtimeMs: number; readonly keys: JWTVerifyGetKey }>();

  constructor(options: JwtOptions) {
    this.#options = options;
  }

  async ask(
    authorizer: JwtAuthorizer,
    scopes: readonly string[],
    values: RequestValues,
    kind: "rest" | "http",
  ): Promise<AuthOutcome> {
    const [value = ""] = identityOf([authorizer.identitySource], values) ?? [];
    const token = value.replace(/^bearer\s+/i, "");
    if (token === "")
      return kind === "http"
        ? { refused: "unauthorized", detail: { headers: [["www-authenticate", "Bearer"]] } }
        : { refused: "unauthorized" };
    let claims: JWTPayload;
    try {
      claims = await this.#verify(token, authorizer);
    } catch (error) {
      const reason = reasonOf(error);
      this.#options.log.debug({ authorizer: authorizer.name, reason }, "a token was refused");
      if (kind === "http") return refused("unauthorized", scopes, "invalid_token", reason);
      return isExpired(error)
        ? { refused: "unauthorized", detail: { message: "The incoming token has expired" } }
        : { refused: "unauthorized" };
    }
    // Without scopes a user pool's authorizer takes identity tokens only.
    if (kind === "rest" && scopes.length === 0 && claims["token_use"] === "access") return { refused: "unauthorized" };
    const held = scopesOf(claims);
    if (scopes.length > 0 && !scopes.some((scope) => held.includes(scope)))
      return kind === "http"
        ? refused("forbidden", scopes, "insufficient_scope", "the token does not have a required scope")
        : { refused: "unauthorized" };
    return { authorizer: { jwt: { claims: texts(claims), scopes: held.length === 0 ? null : held } } };
  }

  /** Throws what is wrong with the token, or with the keys. */
  async #verify(token: string, { issuer, audiences }: JwtAuthorizer): Promise<JWTPayload> {
    const { jwtVerify } = await import("jose");
    const nowMs = this.#options.clock.now();
    const { payload, protectedHeader } = await jwtVerify(token, await this.#keysOf(issuer), {
      issuer,
      algorithms: ALGORITHMS,
      currentDate: new Date(nowMs),
    });
    if (protectedHeader.kid === undefined) throw new Error("the token names no key");
    if (payload.iat !== undefined && payload.iat > nowMs / 1000 + CLOCK_SKEW_SECONDS)
      throw new Error("the token is of the future");
    if (!hasAudience(payload, audiences)) throw new Error("the token does not have a valid audience");
    return payload;
  }

  #keysOf(issuer: string): Promise<JWTVerifyGetKey> {
    const configured = this.#options.keys[issuer];
    // A file is read anew when it changes: whoever rotates keys wants to see that it works.
    if (configured !== undefined && !/^https?:/.test(configured))
      return this.#keysInFile(issuer, resolve(this.#options.folder, configured));
    let keys = this.#keys.get(issuer);
    if (keys === undefined) {
      keys = this.#load(issuer);
      this.#keys.set(issuer, keys);
      // An issuer that cannot be reached now may be there at the next request.
      keys.catch(() => this.#keys.delete(issuer));
    }
    return keys;
  }

  async #keysInFile(issuer: string, file: string): Promise<JWTVerifyGetKey> {
    try {
      const { mtimeMs } = await stat(file);
      const known = this.#files.get(file);
      if (known?.mtimeMs === mtimeMs) return known.keys;
      const { createLocalJWKSet } = await import("jose");
      const keys = createLocalJWKSet(JSON.parse(await readFile(file, "utf8")) as JSONWebKeySet);
      this.#files.set(file, { mtimeMs, keys });
      this.#missed.delete(issuer);
      return keys;
    } catch (error) {
      this.#miss(issuer, `cannot be read from ${file}`, error);
      throw new Error(KEYS_FAULT, { cause: error });
    }
  }

  async #load(issuer: string): Promise<JWTVerifyGetKey> {
    const { createRemoteJWKSet } = await import("jose");
    try {
      const url = this.#options.keys[issuer] ?? (await discover(issuer));
      const times = { timeoutDuration: FETCH_TIMEOUT_MS, cooldownDuration: COOLDOWN_MS };
      const keys = createRemoteJWKSet(new URL(url), times);
      return async (header, token) => {
        try {
          const key = await keys(header, token);
          this.#missed.delete(issuer);
          return key;
        } catch (error) {
          if (!isAboutToken(error)) this.#miss(issuer, `cannot be fetched from ${url}`, error);
          throw error;
        }
      };
    } catch (error) {
      this.#miss(issuer, "cannot be found without its discovery document", error);
      throw new Error(DISCOVERY_FAULT, { cause: error });
    }
  }

  #miss(issuer: string, what: string, error: unknown): void {
    if (this.#missed.has(issuer)) return;
    this.#missed.add(issuer);
    this.#options.notice(
      `the keys of the JWT issuer ${issuer} ${what} (${causeOf(error)}), so its tokens are refused; jwtKeys of the config can name a JWKS file or URL for it`,
    );
  }
}

/** With the challenge of RFC 6750 3, as API Gateway writes it, and what access logs say. */
function refused(
  name: "unauthorized" | "forbidden",
  scopes: readonly string[],
  error: string,
  reason: string,
): AuthOutcome {
  const challenge = `Bearer scope="${scopes.join(" ")}" error="${error}" error_description="${reason.replaceAll('"', "'")}"`;
  return {
    refused: name,
    detail: { headers: [["www-authenticate", challenge]], authorizerError: `${error}: ${reason}` },
  };
}

/** What AWS says where a discovery document or a key set cannot be had. */
const DISCOVERY_FAULT = "OIDC discovery endpoint communication error";
const KEYS_FAULT = "JWKS communication error";

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;
const isExpired = (error: unknown): boolean => codeOf(error) === "ERR_JWT_EXPIRED";

function reasonOf(error: unknown): string {
  if (isExpired(error)) return "the token has expired";
  const code = codeOf(error);
  // Faults of a token have codes of their own; what else has one comes from the key set, or the way there.
  const isKeys =
    code === "ERR_JWKS_TIMEOUT" ||
    code === "ERR_JOSE_GENERIC" ||
    (typeof code === "string" && !code.startsWith("ERR_J"));
  return isKeys ? KEYS_FAULT : messageOf(error);
}

/** No key of that name, or more than one: the keys themselves were there. */
const isAboutToken = (error: unknown): boolean =>
  /^ERR_(JWKS_NO_MATCHING_KEY|JWKS_MULTIPLE_MATCHING_KEYS|JOSE_NOT_SUPPORTED)$/.test(errnoOf(error) ?? "");

/** `fetch failed` alone says nothing: the cause does. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return errnoOf(cause) ?? messageOf(cause ?? error);
}

async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  const { jwks_uri: uri } = (await answer.json()) as { readonly jwks_uri?: unknown };
  if (typeof uri !== "string") throw new Error(`${url} names no jwks_uri`);
  return uri;
}

/** `aud`, or `client_id` where there is no `aud`, must be one of those configured. */
function hasAudience({ aud, ...claims }: JWTPayload, audiences: readonly string[]): boolean {
  if (audiences.length === 0) return true;
  const held = aud ?? claims["client_id"];
  return (Array.isArray(held) ? held : [held]).some((audience) => audiences.includes(String(audience)));
}

/** `scope` is one text with spaces, `scp` a text or a list. */
function scopesOf(claims: JWTPayload): readonly string[] {
  const held = claims["scope"] ?? claims["scp"];
  if (typeof held === "string") return held.split(" ").filter((scope) => scope !== "");
  return Array.isArray(held) ? held.map(String) : [];
}

/** Functions see every claim as text; lists as `[a b]`. */
function texts(claims: JWTPayload): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => {
      if (Array.isArray(value)) return [name, `[${value.join(" ")}]`];
      return [name, typeof value === "object" && value !== null ? JSON.stringify(value) : String(value)];
    }),
  );
}
