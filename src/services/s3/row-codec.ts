/**
 * How object rows are written: a JSON array that leaves out what nearly all objects have in common. A page of a
 * listing decodes a thousand rows; as MessagePack records, with their names in each row, they took three times as long.
 */
import {
  isDeleteMarker,
  type AnyVersionRow,
  type BodyRef,
  type ObjectChecksum,
  type ObjectDescription,
  type ObjectRow,
} from "./rows.js";

const DEFAULT_HEADERS = Object.freeze({ "content-type": "binary/octet-stream" });
const NOTHING = Object.freeze({});
const EMPTY_BODY: BodyRef = Object.freeze({ kind: "empty" });
const DELETE_MARKER = -1;
/** Rows whose descriptions are longer share them with no other. */
const MAX_REPEATED_CHARACTERS = 256;

/** What differs from the defaults. */
type Extras = Partial<
  Omit<ObjectDescription, "headers"> & { headers: ObjectRow["headers"]; parts: ObjectRow["parts"] }
>;
/** 0, the id of a row, or names and sizes of files in turn. */
type StoredBody = number | readonly (string | number)[];
type StoredRow = readonly [
  seq: number,
  versionId: string,
  modifiedMs: number,
  /** `DELETE_MARKER` for one. */
  size: number,
  eTag: string,
  body: StoredBody,
  algorithm: ObjectChecksum["algorithm"],
  checksum: string,
  composite: 0 | 1,
  extras?: Extras | undefined,
];

export const rowEncoder = {
  encode(row: AnyVersionRow): Buffer {
    return Buffer.from(
      JSON.stringify(isDeleteMarker(row) ? [row.seq, row.versionId, row.modifiedMs, DELETE_MARKER] : toStored(row)),
    );
  },
  decode(bytes: Buffer): AnyVersionRow {
    const plain = plainRow(bytes.toString("latin1", 0, bytes.length));
    return fromStored(plain ?? (JSON.parse(bytes.toString("utf8", 0, bytes.length)) as StoredRow));
  },
};

/**
 * A row whose body is small or empty, as most rows of a listing are: less than half the time of JSON.parse. The fields
 * of such a row are made here and hold no comma, quote or escape. Undefined for any other row.
 */
function plainRow(text: string): StoredRow | undefined {
  const version = text.indexOf(",") + 1;
  const modified = text.indexOf(",", version) + 1;
  const size = text.indexOf(",", modified) + 1;
  const tag = text.indexOf(",", size) + 1;
  const body = text.indexOf(",", tag) + 1;
  const algorithm = text.indexOf(",", body) + 1;
  const checksum = text.indexOf(",", algorithm) + 1;
  const composite = text.indexOf(",", checksum) + 1;
  // A delete marker ends early; the names of files are in brackets.
  if (tag === 0 || text[body] === "[") return undefined;
  const extras = text[composite + 1] === "," ? parseExtras(text.slice(composite + 2, -1)) : undefined;
  return [
    Number(text.slice(1, version - 1)),
    text.slice(version + 1, modified - 2),
    Number(text.slice(modified, size - 1)),
    Number(text.slice(size, tag - 1)),
    text.slice(tag + 1, body - 2),
    Number(text.slice(body, algorithm - 1)),
    text.slice(algorithm + 1, checksum - 2) as ObjectChecksum["algorithm"],
    text.slice(checksum + 1, composite - 2),
    text[composite] === "1" ? 1 : 0,
    extras,
  ];
}

/** Neighbours in a listing mostly have the same description; rows are never changed, so they can share it. */
let repeated: { readonly text: string; readonly extras: Extras } = { text: "{}", extras: NOTHING };

function parseExtras(text: string): Extras {
  if (text === repeated.text) return repeated.extras;
  const extras = JSON.parse(Buffer.from(text, "latin1").toString("utf8")) as Extras;
  if (text.length <= MAX_REPEATED_CHARACTERS) repeated = { text, extras };
  return extras;
}

function toStored(row: ObjectRow): StoredRow {
  const { seq, versionId, modifiedMs, size, eTag, body, checksum } = row;
  const composite = checksum.type === "COMPOSITE" ? 1 : 0;
  const place = toStoredBody(body);
  const extras = extrasOf(row);
  return extras === undefined
    ? [seq, versionId, modifiedMs, size, eTag, place, checksum.algorithm, checksum.value, composite]
    : [seq, versionId, modifiedMs, size, eTag, place, checksum.algorithm, checksum.value, composite, extras];
}

function extrasOf(row: ObjectRow): Extras | undefined {
  const { headers, metadata, tags, storageClass, encryption, kmsKeyId, bucketKey, acl, parts } = row;
  const extras: { -readonly [K in keyof Extras]: Extras[K] } = {};
  const names = Object.keys(headers);
  if (names.length !== 1 || headers["content-type"] !== DEFAULT_HEADERS["content-type"]) extras.headers = headers;
  if (Object.keys(metadata).length > 0) extras.metadata = metadata;
  if (Object.keys(tags).length > 0) extras.tags = tags;
  if (storageClass !== "STANDARD") extras.storageClass = storageClass;
  if (encryption !== "AES256") extras.encryption = encryption;
  if (kmsKeyId !== undefined) extras.kmsKeyId = kmsKeyId;
  if (bucketKey !== undefined) extras.bucketKey = bucketKey;
  if (acl !== undefined) extras.acl = acl;
  if (parts !== undefined) extras.parts = parts;
  return Object.keys(extras).length > 0 ? extras : undefined;
}

function fromStored(stored: StoredRow): AnyVersionRow {
  const [seq, versionId, modifiedMs, size, eTag, body, algorithm, checksum, composite, extras] = stored;
  if (size === DELETE_MARKER) return { seq, versionId, modifiedMs, deleteMarker: true };
  const row: ObjectRow = {
    seq,
    versionId,
    modifiedMs,
    size,
    eTag,
    body: fromStoredBody(body),
    checksum: { algorithm, value: checksum, type: composite === 1 ? "COMPOSITE" : "FULL_OBJECT" },
    headers: DEFAULT_HEADERS,
    metadata: NOTHING,
    tags: NOTHING,
    storageClass: "STANDARD",
    encryption: "AES256",
  };
  return extras === undefined ? row : Object.assign(row, extras);
}

function toStoredBody(body: BodyRef): StoredBody {
  if (body.kind === "empty") return 0;
  return body.kind === "row" ? body.id : body.segments.flatMap(({ id, size }) => [id, size]);
}

function fromStoredBody(body: StoredBody): BodyRef {
  if (body === 0) return EMPTY_BODY;
  if (typeof body === "number") return { kind: "row", id: body };
  const segments = [];
  for (let i = 0; i < body.length; i += 2) segments.push({ id: String(body[i]), size: Number(body[i + 1]) });
  return { kind: "files", segments };
}
