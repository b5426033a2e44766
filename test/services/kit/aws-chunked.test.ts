import { createHash, createHmac } from "node:crypto";
import { AwsChunkedParser, type AwsChunkedOptions, type Trailers } from "../../../src/services/kit/aws-chunked.js";
import { AwsError } from "../../../src/services/kit/aws-error.js";

const KEY = Buffer.from("a signing key of thirty-two byte");
const AMZ_DATE = "20260131T120000Z";
const SCOPE = "20260131/us-east-1/s3/aws4_request";
const SEED = "0".repeat(64);
const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const sign = (text: string): string => createHmac("sha256", KEY).update(text).digest("hex");

/** Frames a body as the published algorithm says; `forge` may spoil one signature. */
function frame(chunks: readonly Buffer[], form: { signed: boolean; trailers?: Record<string, string> }): Buffer {
  const pieces: Buffer[] = [];
  let previous = SEED;
  for (const chunk of [...chunks, Buffer.alloc(0)]) {
    const text = ["AWS4-HMAC-SHA256-PAYLOAD", AMZ_DATE, SCOPE, previous, sha256(""), sha256(chunk)].join("\n");
    if (form.signed) previous = sign(text);
    pieces.push(
      Buffer.from(`${chunk.length.toString(16)}${form.signed ? `;chunk-signature=${previous}` : ""}\r\n`),
      chunk,
    );
    if (chunk.length > 0) pieces.push(Buffer.from("\r\n"));
  }
  const lines = Object.entries(form.trailers ?? {}).map(([name, value]) => `${name}:${value}`);
  if (form.signed && form.trailers !== undefined) {
    const canonical = lines.map((line) => `${line}\n`).join("");
    lines.push(
      `x-amz-trailer-signature:${sign(["AWS4-HMAC-SHA256-TRAILER", AMZ_DATE, SCOPE, previous, sha256(canonical)].join("\n"))}`,
    );
  }
  pieces.push(Buffer.from([...lines, ""].map((line) => `${line}\r\n`).join("")));
  return Buffer.concat(pieces);
}

function options(
  form: { signed: boolean; trailer: boolean },
  decodedLength: number,
  trailerNames: string[] = [],
): AwsChunkedOptions {
  return {
    payload: { kind: "chunked", ...form, seedSignature: SEED, signingKey: KEY, amzDate: AMZ_DATE, scope: SCOPE },
    decodedLength,
    trailerNames,
  };
}

/** Feeds the body in pieces of the given size. */
function decode(
  body: Buffer,
  parserOptions: AwsChunkedOptions,
  pieceBytes = body.length,
): { data: Buffer; trailers: Trailers } {
  const parser = new AwsChunkedParser(parserOptions);
  const data: Buffer[] = [];
  for (let at = 0; at < body.length; at += pieceBytes) data.push(...parser.push(body.subarray(at, at + pieceBytes)));
  const trailers = parser.finish();
  return { data: Buffer.concat(data), trailers };
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AwsError) return error.code;
    throw error;
  }
  return "no error";
}

const A = Buffer.alloc(8192, "a");
const B = Buffer.alloc(9000, "b");
const C = Buffer.from("the short end");
const WHOLE = Buffer.concat([A, B, C]);
const CRC = { "x-amz-checksum-crc32": "AAAAAA==" };
const NAMES = Object.keys(CRC);

const FORMS: [name: string, body: Buffer, options: AwsChunkedOptions, trailers: Trailers][] = [
  ["signed chunks", frame([A, B, C], { signed: true }), options({ signed: true, trailer: false }, WHOLE.length), {}],
  [
    "signed chunks and a signed trailer",
    frame([A, B, C], { signed: true, trailers: CRC }),
    options({ signed: true, trailer: true }, WHOLE.length, NAMES),
    CRC,
  ],
  [
    "unsigned chunks and a trailer",
    frame([A, B, C], { signed: false, trailers: CRC }),
    options({ signed: false, trailer: true }, WHOLE.length, NAMES),
    CRC,
  ],
  [
    "unsigned chunks and no trailer",
    frame([A, B, C], { signed: false, trailers: {} }),
    options({ signed: false, trailer: true }, WHOLE.length),
    {},
  ],
];

describe("an aws-chunked body", () => {
  it.each(FORMS)("of %s comes out whole, however it is cut on the way", (_name, body, parserOptions, trailers) => {
    for (const pieceBytes of [1, 2, 3, 7, 64, 85, 8191, 8192, 8193, body.length]) {
      const decoded = decode(body, parserOptions, pieceBytes);
      expect(decoded.data.equals(WHOLE)).toBe(true);
      expect(decoded.trailers).toEqual(trailers);
    }
  });

  it("may be empty, in every form", () => {
    expect(decode(frame([], { signed: true }), options({ signed: true, trailer: false }, 0)).data.length).toBe(0);
    expect(
      decode(frame([], { signed: false, trailers: CRC }), options({ signed: false, trailer: true }, 0, NAMES)).trailers,
    ).toEqual(CRC);
  });

  it("may have a blank line before the signature of its trailer, as minio-go sends it", () => {
    const [, body, parserOptions] = FORMS[1] ?? FORMS[0] ?? [];
    if (body === undefined || parserOptions === undefined) throw new Error("no form");
    const spaced = Buffer.from(
      body.toString("latin1").replace("\r\nx-amz-trailer-signature", "\n\r\nx-amz-trailer-signature"),
      "latin1",
    );
    expect(decode(spaced, parserOptions).trailers).toEqual(CRC);
  });

  it.each(FORMS)("of %s is refused wherever it is cut off", (_name, body, parserOptions) => {
    for (let end = 0; end < body.length; end += end < 200 || end > body.length - 300 ? 1 : 997) {
      expect([
        end,
        ["IncompleteBody", "MalformedTrailerError"].includes(
          codeOf(() => decode(body.subarray(0, end), parserOptions)),
        ),
      ]).toEqual([end, true]);
    }
  });

  it.each(FORMS.filter(([, , { payload }]) => payload.signed))(
    "of %s is refused whichever byte is changed",
    (_name, body, parserOptions) => {
      for (let at = 0; at < body.length; at += at < 200 || at > body.length - 300 ? 1 : 491) {
        const spoiled = Buffer.from(body);
        spoiled[at] = (spoiled[at] ?? 0) ^ 0x10;
        expect([at, codeOf(() => decode(spoiled, parserOptions))]).not.toEqual([at, "no error"]);
      }
    },
  );

  it("is refused with SignatureDoesNotMatch for changed data, a moved chunk and a forged signature", () => {
    const parserOptions = options({ signed: true, trailer: false }, WHOLE.length);
    const body = frame([A, B, C], { signed: true });
    const spoiled = Buffer.from(body);
    spoiled[200] = 0;
    expect(codeOf(() => decode(spoiled, parserOptions))).toBe("SignatureDoesNotMatch");
    const header = body.indexOf("\r\n") + 2;
    const moved = Buffer.concat([body.subarray(0, header), B.subarray(0, 8192), body.subarray(header + 8192)]);
    expect(codeOf(() => decode(moved, parserOptions))).toBe("SignatureDoesNotMatch");
    const forged = Buffer.from(
      body.toString("latin1").replace(/0;chunk-signature=[0-9a-f]{64}/, `0;chunk-signature=${"f".repeat(64)}`),
      "latin1",
    );
    expect(codeOf(() => decode(forged, parserOptions))).toBe("SignatureDoesNotMatch");
  });

  it("is refused with SignatureDoesNotMatch for a changed trailer", () => {
    const body = frame([A], { signed: true, trailers: CRC }).toString("latin1").replace("AAAAAA==", "BAAAAA==");
    expect(
      codeOf(() => decode(Buffer.from(body, "latin1"), options({ signed: true, trailer: true }, A.length, NAMES))),
    ).toBe("SignatureDoesNotMatch");
  });

  it("is refused when a chunk but the last is below 8,192 bytes", () => {
    const small = frame([A.subarray(1), C], { signed: true });
    const parser = new AwsChunkedParser(options({ signed: true, trailer: false }, 8191 + C.length));
    let thrown: unknown;
    try {
      parser.push(small);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: "InvalidChunkSizeError",
      statusCode: 403,
      members: { Chunk: 2, BadChunkSize: 8191 },
    });
  });

  it("is refused when its length is not the announced one", () => {
    const body = frame([A, C], { signed: true });
    const length = A.length + C.length;
    expect(codeOf(() => decode(body, options({ signed: true, trailer: false }, length + 1)))).toBe("IncompleteBody");
    expect(codeOf(() => decode(body, options({ signed: true, trailer: false }, length - 1)))).toBe("IncompleteBody");
  });

  it("is refused at the first chunk that goes beyond the announced length, before its data is taken", () => {
    const parser = new AwsChunkedParser(options({ signed: false, trailer: true }, 10));
    expect(codeOf(() => parser.push(Buffer.from("ffffff\r\n")))).toBe("IncompleteBody");
  });

  it("is refused when its trailers are not the announced ones", () => {
    const body = frame([C], { signed: false, trailers: CRC });
    const form = { signed: false, trailer: true };
    expect(codeOf(() => decode(body, options(form, C.length, ["x-amz-checksum-sha1"])))).toBe("MalformedTrailerError");
    expect(codeOf(() => decode(body, options(form, C.length)))).toBe("MalformedTrailerError");
    expect(codeOf(() => decode(frame([C], { signed: false, trailers: {} }), options(form, C.length, NAMES)))).toBe(
      "MalformedTrailerError",
    );
  });

  it.each<[fault: string, body: string]>([
    ["a size that is no number", "zz\r\n"],
    ["a negative size", "-5\r\nhello\r\n0\r\n\r\n"],
    ["a size beyond all bounds", "ffffffffffffffff\r\n"],
    ["a frame header without an end", "5".repeat(600)],
    ["bare line feeds", "5\nhello\n0\n\n"],
    ["data after its end", "5\r\nhelloworld\r\n0\r\n\r\n"],
    ["something after the final chunk", "5\r\nhello\r\n0\r\n\r\nmore"],
  ])("is refused for %s", (_fault, body) => {
    expect(codeOf(() => decode(Buffer.from(body), options({ signed: false, trailer: false }, 5)))).toBe(
      "IncompleteBody",
    );
  });

  it("with an endless trailer is refused before it fills the memory", () => {
    const parser = new AwsChunkedParser(options({ signed: false, trailer: true }, 0, NAMES));
    parser.push(Buffer.from("0\r\n"));
    const piece = Buffer.alloc(4096, "x");
    expect(codeOf(() => Array.from({ length: 8 }, () => parser.push(piece)))).toBe("MalformedTrailerError");
  });
});
