/**
 * The sizes of frames as they come in. AWS bounds them, and the library that reads messages does not show them: "message
 * payloads up to 128 KB with a maximum frame size of 32 KB"; what is larger closes the connection with 1009.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-routes-integrations.html
 * RFC 6455, 5.2, is the form of a frame. Nothing is compressed, as on AWS, so that lengths are those of messages.
 */

const MAX_FRAME_BYTES = 32 * 1024;
export const MAX_MESSAGE_BYTES = 128 * 1024;
const MASK_BYTES = 4;
/** From here on they are control frames, which may stand between those of a message. */
const FIRST_CONTROL = 0x8;
const CONTINUATION = 0x0;

export class FrameWatch {
  #header = Buffer.alloc(0);
  #payloadLeft = 0;
  #messageBytes = 0;

  /** Whether the bytes begin a frame, or make a message, that is too large. */
  exceeds(chunk: Buffer): boolean {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#payloadLeft > 0) {
        const skipped = Math.min(this.#payloadLeft, rest.length);
        this.#payloadLeft -= skipped;
        rest = rest.subarray(skipped);
        continue;
      }
      const before = this.#header.length;
      const header = before === 0 ? rest : Buffer.concat([this.#header, rest.subarray(0, 14 - before)]);
      const headerBytes = headerBytesOf(header);
      if (headerBytes === undefined || header.length < headerBytes) {
        this.#header = Buffer.from(header);
        return false;
      }
      this.#header = Buffer.alloc(0);
      rest = rest.subarray(headerBytes - before);
      if (this.#frame(header)) return true;
    }
    return false;
  }

  #frame(header: Buffer): boolean {
    const first = header[0] ?? 0;
    const opcode = first & 0x0f;
    this.#payloadLeft = payloadBytesOf(header);
    if (opcode >= FIRST_CONTROL) return false;
    this.#messageBytes = (opcode === CONTINUATION ? this.#messageBytes : 0) + this.#payloadLeft;
    return this.#payloadLeft > MAX_FRAME_BYTES || this.#messageBytes > MAX_MESSAGE_BYTES;
  }
}

/** Undefined while its second byte has not come. */
function headerBytesOf(header: Buffer): number | undefined {
  const second = header[1];
  if (second === undefined) return undefined;
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : MASK_BYTES);
}

function payloadBytesOf(header: Buffer): number {
  const length = (header[1] ?? 0) & 0x7f;
  if (length === 126) return header.readUInt16BE(2);
  return length === 127 ? Number(header.readBigUInt64BE(2)) : length;
}
