/** ClientRequestTokens of transactions, remembered for ten minutes with a fingerprint of the request. */
import type { Database } from "lmdb";
import type { StateStore } from "../../kit/state-store.js";

const TOKEN_LIFE_MS = 10 * 60 * 1000;

interface TokenRow {
  readonly fingerprint: string;
  readonly atMs: number;
}

export class TokenStore {
  readonly #rows: Database<TokenRow, string>;

  constructor(store: StateStore) {
    this.#rows = store.table("dynamodb.tokens", { encoding: "json" });
  }

  /** Fingerprint of the request that used the token, while it lives. */
  find(token: string, nowMs: number): string | undefined {
    const row = this.#rows.get(token);
    return row !== undefined && row.atMs > nowMs - TOKEN_LIFE_MS ? row.fingerprint : undefined;
  }

  /** Inside a transaction. */
  put(token: string, fingerprint: string, nowMs: number): void {
    this.#rows.putSync(token, { fingerprint, atMs: nowMs });
  }

  /** Inside a transaction. */
  trim(nowMs: number): void {
    for (const { key, value } of Array.from(this.#rows.getRange()))
      if (value.atMs <= nowMs - TOKEN_LIFE_MS) this.#rows.removeSync(key);
  }

  clear(): void {
    this.#rows.clearSync();
  }
}
