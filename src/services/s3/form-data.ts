/**
 * Reads `multipart/form-data` as browsers send it to S3: fields first, one file last. Fields are held (S3 bounds them
 * too), the file is passed on as it comes.
 * https://www.rfc-editor.org/rfc/rfc7578
 */
import { AwsError } from "../kit/aws-error.js";
import { incompleteBody } from "./errors.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
const MAX_FIELDS_BYTES = 20_000;
const CRLF = Buffer.from("\r\n");
const END_OF_HEADERS = Buffer.from("\r\n\r\n");

export interface Form {
  /** By lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  readonly fileName: string;
  readonly fileType: string | undefined;
  /** Reads to the end of the form. */
  readonly file: AsyncIterable<Buffer>;
}

/** The boundary named by a Content-Type header. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const match = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? "");
  return match?.[1] ?? match?.[2];
}

export async function openForm(source: AsyncIterable<Buffer>, boundary: string): Promise<Form> {
  const input = new Input(source);
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  // What stands before the first boundary means nothing; with a line end in front it looks like all others.
  input.prepend(CRLF);
  let size = (await input.readUntil(delimiter, MAX_FIELDS_BYTES, tooMany)).length;
  const fields = new Map<string, string>();
  for (;;) {
    const after = await input.readUntil(CRLF, MAX_FIELDS_BYTES, malformed);
    if (after.toString("latin1").startsWith("--")) throw noFile();
    // A part without headers would begin with the blank line itself.
    input.prepend(CRLF);
    const headers = (await input.readUntil(END_OF_HEADERS, MAX_FIELDS_BYTES, malformed)).toString("utf8");
    const name = /\bname="([^"]*)"/i.exec(headers)?.[1]?.toLowerCase();
    if (name === undefined) throw malformed();
    if (name === "file") {
      return {
        fields,
        fileName: /\bfilename="([^"]*)"/i.exec(headers)?.[1] ?? "",
        fileType: /^content-type:\s*(.+)$/im.exec(headers)?.[1]?.trim(),
        file: input.streamUntil(delimiter),
      };
    }
    const value = await input.readUntil(delimiter, MAX_FIELDS_BYTES, tooMany);
    size += value.length + name.length;
    if (size > MAX_FIELDS_BYTES) throw tooMany();
    fields.set(name, value.toString("utf8"));
  }
}

/** Bytes of the body with as much looked ahead as the search for a boundary needs. */
class Input {
  readonly #source: AsyncIterator<Buffer>;
  #ahead: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  prepend(bytes: Buffer): void {
    this.#ahead = Buffer.concat([bytes, this.#ahead]);
  }

  async readUntil(mark: Buffer, maxBytes: number, tooLong: () => AwsError): Promise<Buffer> {
    for (;;) {
      const at = this.#ahead.indexOf(mark);
      if (at !== -1) {
        const found = this.#ahead.subarray(0, at);
        this.#ahead = this.#ahead.subarray(at + mark.length);
        return found;
      }
      if (this.#ahead.length > maxBytes + mark.length) throw tooLong();
      if (!(await this.#more())) throw incompleteBody();
    }
  }

  async *streamUntil(mark: Buffer): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const at = this.#ahead.indexOf(mark);
      // The last bytes may be the beginning of the mark.
      const end = at === -1 ? this.#ahead.length - mark.length + 1 : at;
      if (end > 0) {
        yield this.#ahead.subarray(0, end);
        this.#ahead = this.#ahead.subarray(end);
      }
      if (at !== -1) break;
      if (!(await this.#more())) throw incompleteBody();
    }
    // Fields after the file are ignored, as S3 does; the body is read to its end.
    for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next());
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#ahead = this.#ahead.length === 0 ? next.value : Buffer.concat([this.#ahead, next.value]);
    return true;
  }
}

function malformed(): AwsError {
  return new AwsError("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.");
}

function tooMany(): AwsError {
  return new AwsError(
    "MaxPostPreDataLengthExceeded",
    "Your POST request fields preceding the upload file were too large.",
  );
}

function noFile(): AwsError {
  return new AwsError("InvalidArgument", "POST requires exactly one file upload per request.", {
    members: { ArgumentName: "file", ArgumentValue: "0" },
  });
}
