/**
 * One page of a listing: entries in the order of their bytes, keys under a delimiter rolled up. A rolled-up prefix is
 * left by seeking past it, so that a page costs what it shows and not what it hides.
 */
import { successor } from "./keys.js";
import { invalidArgument } from "./errors.js";
import { numberParameter, type S3Request } from "./request.js";

export interface Entry<T> {
  /** Begins at the `offset` of the walk. */
  readonly key: Buffer;
  readonly value: T;
}

export interface Walk<T> {
  /** Entries from the given key on; from where the page begins when undefined. Only those with the prefix. */
  readonly scan: (from: Buffer | undefined) => Iterable<Entry<T>>;
  /** Where the object's key begins in the keys of entries. To cut each key off there costs as much as to decode it. */
  readonly offset?: number;
  readonly prefix: Buffer;
  readonly delimiter: Buffer;
  /** A marker of the client: prefixes that it lies in or that equal it were shown before. */
  readonly marker?: Buffer;
  readonly max: number;
}

export interface Page<T> {
  readonly entries: readonly Entry<T>[];
  readonly prefixes: readonly Buffer[];
  readonly truncated: boolean;
  /** What came last on the page. */
  readonly last: { readonly entry: Entry<T> } | { readonly prefix: Buffer } | undefined;
}

export const MAX_PAGE = 1000;

export function walk<T>({ scan, offset = 0, prefix, delimiter, marker, max }: Walk<T>): Page<T> {
  const entries: Entry<T>[] = [];
  const prefixes: Buffer[] = [];
  let last: Page<T>["last"];
  let from: Buffer | undefined;
  const page = (truncated: boolean): Page<T> => ({ entries, prefixes, truncated, last });
  if (max === 0) return page(false);
  for (;;) {
    let jump: Buffer | undefined;
    for (const entry of scan(from)) {
      const common = commonPrefix(entry.key, offset, prefix, delimiter);
      const shown = common !== undefined && marker !== undefined && startsWith(marker, common);
      if (!shown && entries.length + prefixes.length === max) return page(true);
      if (common === undefined) {
        entries.push(entry);
        last = { entry };
        continue;
      }
      if (!shown) {
        prefixes.push(common);
        last = { prefix: common };
      }
      jump = successor(common);
      break;
    }
    if (jump === undefined) return page(false);
    from = jump;
  }
}

function commonPrefix(key: Buffer, offset: number, prefix: Buffer, delimiter: Buffer): Buffer | undefined {
  if (delimiter.length === 0) return undefined;
  const at = key.indexOf(delimiter, offset + prefix.length);
  return at === -1 ? undefined : Buffer.from(key.subarray(offset, at + delimiter.length));
}

export function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.length >= prefix.length && bytes.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

/** What all listings read from the query. */
export interface ListParameters {
  readonly prefix: string;
  readonly delimiter: string;
  readonly max: number;
  readonly encodingType: string | undefined;
  /** Encodes what an answer shows, when the client asked for it. */
  readonly shown: (text: string | Buffer) => string;
}

export function listParameters(request: S3Request, maxName: string, maxLabel: string): ListParameters {
  const encodingType = request.query.get("encoding-type");
  if (encodingType !== undefined && encodingType !== "" && encodingType !== "url") {
    throw invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", encodingType);
  }
  const encodes = encodingType === "url";
  return {
    prefix: request.query.get("prefix") ?? "",
    delimiter: request.query.get("delimiter") ?? "",
    max: Math.min(numberParameter(request, maxName, maxLabel, MAX_PAGE), MAX_PAGE),
    encodingType: encodes ? "url" : undefined,
    shown: (text) => (encodes ? encodeName(text.toString()) : text.toString()),
  };
}

/** Form encoding, except that `/` and `*` stay and `~` does not. */
function encodeName(name: string): string {
  return encodeURIComponent(name)
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+");
}
