/**
 * JWT authorizers: signature, issuer, audience, times and scopes of a bearer token. Keys come from the issuer's
 * discovery document, or from the file or URL that the configuration names for it (a machine without network).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from "jose";
import type { Clock } from "../../../shared/clock.js";
import type { Logger } from "../../../shared/logger.js";
import { messageOf } from "../../../shared/errors.js";
import type { JwtAuthorizer } from "./guards.js";
import { identityOf, type IdentityPlace } from "./identity.js";
import type { AuthOutcome } from "./lambda-authorizer.js";

/** API Gateway takes RSA signatures only. */
const ALGORITHMS = ["RS256", "RS384", "RS512"];
/** "API Gateway has 1,500 ms to fetch the keys." */
const FETCH_TIMEOUT_MS = 1500;

export interface JwtOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** By issuer: a file with a JWKS, or its URL. */
  readonly keys: Readonly<Record<string, string>>;
  /** Relative files start here. */
  readonly folder: string;
}

export class JwtAuthorizers {
  readonly #options: JwtOptions;
  readonly #keys = new Map<string, Promise<JWTVerifyGetKey>>();

  constructor(options: JwtOptions) {
    this.#options = options;
  }

  async ask(authorizer: JwtAuthorizer, scopes: readonly string[], place: IdentityPlace): Promise<AuthOutcome> {
    const [value = ""] = identityOf([authorizer.identitySource], place) ?? [];
    const token = value.replace(/^bearer\s+/i, "");
    if (token === "") return { refused: "unauthorized" };
    let claims: JWTPayload;
    try {
      const { jwtVerify } = await import("jose");
      const currentDate = new Date(this.#options.clock.now());
      const verified = await jwtVerify(token, await this.#keysOf(authorizer.issuer), {
        issuer: authorizer.issuer,
        algorithms: ALGORITHMS,
        currentDate,
      });
      claims = verified.payload;
    } catch (error) {
      this.#options.log.debug({ authorizer: authorizer.name, reason: messageOf(error) }, "a token was refused");
      return { refused: "unauthorized" };
    }
    if (!hasAudience(claims, authorizer.audiences)) return { refused: "unauthorized" };
    const held = scopesOf(claims);
    if (scopes.length > 0 && !scopes.some((scope) => held.includes(scope))) return { refused: "forbidden" };
    return { authorizer: { jwt: { claims: texts(claims), scopes: held.length === 0 ? null : held } } };
  }

  #keysOf(issuer: string): Promise<JWTVerifyGetKey> {
    let keys = this.#keys.get(issuer);
    if (keys === undefined) {
      keys = this.#load(issuer);
      this.#keys.set(issuer, keys);
      // An issuer that cannot be reached now may be there at the next request.
      keys.catch(() => this.#keys.delete(issuer));
    }
    return keys;
  }

  async #load(issuer: string): Promise<JWTVerifyGetKey> {
    const { createLocalJWKSet, createRemoteJWKSet } = await import("jose");
    const configured = this.#options.keys[issuer];
    if (configured !== undefined && !/^https?:/.test(configured)) {
      const file = resolve(this.#options.folder, configured);
      return createLocalJWKSet(JSON.parse(await readFile(file, "utf8")) as JSONWebKeySet);
    }
    const url = configured ?? (await discover(issuer));
    return createRemoteJWKSet(new URL(url), { timeoutDuration: FETCH_TIMEOUT_MS });
  }
}

async function discover(issuer: string): Promise<string> {
  const answer = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  const { jwks_uri: uri } = (await answer.json()) as { readonly jwks_uri?: unknown };
  if (typeof uri !== "string") throw new Error(`the discovery document of ${issuer} names no jwks_uri`);
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
