/**
 * Access tokens of connections with OAuth client credentials: fetched when one is needed, kept in memory, and fetched again
 * when one is about to expire or was refused.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html
 */
import type { Clock } from "../../../shared/clock.js";
import { callHttp, type NameAndValue } from "../../kit/http-call.js";
import { jsonObjectIn } from "../../kit/json-input.js";
import type { ConnectionSecret, SecretParameter } from "./secret.js";

/** "Proactively, if the token expires within 60 seconds". */
const RENEW_BEFORE_MS = 60_000;
const ANSWER_TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 1_048_576;

/** The authorization endpoint gave no token. `refused`: with the same credentials it would not give one later either. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  readonly refused: boolean;

  constructor(message: string, refused: boolean) {
    super(message);
    this.refused = refused;
  }
}

interface Token {
  /** Value of the Authorization header. */
  readonly header: string;
  readonly expiresMs: number;
}

interface Kept {
  /** That it was fetched with: another secret wants another token. */
  readonly secretText: string;
  /** One for all who ask at a time. */
  readonly token: Promise<Token>;
}

export class ConnectionTokens {
  readonly #clock: Clock;
  readonly #localUrl: (url: string) => string;
  readonly #kept = new Map<string, Kept>();
  readonly #closing = new AbortController();

  constructor(clock: Clock, localUrl: (url: string) => string) {
    this.#clock = clock;
    this.#localUrl = localUrl;
  }

  /** The Authorization header for a connection. Rejects with TokenError, and with HttpCallError when no answer comes. */
  async header(connectionArn: string, secretText: string, secret: ConnectionSecret): Promise<string> {
    const kept = this.#kept.get(connectionArn);
    if (kept?.secretText === secretText) {
      const { header, expiresMs } = await kept.token;
      if (expiresMs - this.#clock.now() > RENEW_BEFORE_MS) return header;
      // Whoever waited for the same one may have begun to renew it.
      if (this.#kept.get(connectionArn) !== kept) return this.header(connectionArn, secretText, secret);
    }
    const token = this.#fetch(secret);
    const mine = { secretText, token };
    this.#kept.set(connectionArn, mine);
    token.catch(() => {
      if (this.#kept.get(connectionArn) === mine) this.#kept.delete(connectionArn);
    });
    return (await token).header;
  }

  /** The next request fetches another. */
  forget(connectionArn: string): void {
    this.#kept.delete(connectionArn);
  }

  clear(): void {
    this.#kept.clear();
  }

  /** What fails from now on says nothing about a connection. */
  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  close(): void {
    this.#closing.abort();
  }

  async #fetch(secret: ConnectionSecret): Promise<Token> {
    const askedMs = this.#clock.now();
    const { http_method: method = "POST", oauth_http_parameters: more = {} } = secret;
    const url = new URL(this.#localUrl(secret.authorization_endpoint ?? ""));
    for (const { key, value } of more.query_string_parameters ?? []) url.searchParams.set(key, value);
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: secret.client_id ?? "",
      client_secret: secret.client_secret ?? "",
    });
    for (const { key, value } of more.body_parameters ?? []) form.set(key, value);
    if (method === "GET") for (const [name, value] of form) url.searchParams.set(name, value);
    const { statusCode, body } = await callHttp({
      url,
      method,
      headers: [
        ["Content-Type", "application/x-www-form-urlencoded"],
        ["Accept", "application/json"],
        ["User-Agent", "Amazon/EventBridge/ApiDestinations"],
        ...(more.header_parameters ?? []).map(asHeader),
      ],
      body: method === "GET" ? undefined : Buffer.from(form.toString()),
      timeoutMs: ANSWER_TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
      signal: this.#closing.signal,
    });
    if (statusCode < 200 || statusCode > 299)
      throw new TokenError(
        `The authorization endpoint answered with status code ${statusCode}.`,
        statusCode >= 400 && statusCode < 500 && statusCode !== 429,
      );
    return tokenIn(body.toString(), askedMs);
  }
}

const asHeader = ({ key, value }: SecretParameter): NameAndValue => [key, value];

/** https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
function tokenIn(text: string, askedMs: number): Token {
  const answer = jsonObjectIn(text) ?? {};
  const { access_token: token, token_type: type, expires_in: seconds } = answer;
  if (typeof token !== "string" || token === "")
    throw new TokenError("The answer of the authorization endpoint has no access_token.", true);
  // Its letters are of no account in the answer, and servers want it so in the header.
  const scheme = typeof type !== "string" || /^bearer$/i.test(type) ? "Bearer" : type;
  const lifeSeconds = Number(seconds);
  const forever = seconds === undefined || seconds === null || !(lifeSeconds > 0);
  return { header: `${scheme} ${token}`, expiresMs: forever ? Infinity : askedMs + lifeSeconds * 1000 };
}
