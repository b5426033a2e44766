/**
 * `application/vnd.amazon.eventstream`, the writing half: prelude of two lengths and its CRC, headers, payload, CRC.
 * https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import type { ServerResponse } from "node:http";
import { crc32 } from "node:zlib";

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
/** A header value that is a string. */
const STRING_TYPE = 7;

/** Begins an answer of this kind; `payload` are the members of the operation's output that are no events. */
export function startEventStream(
  response: ServerResponse,
  requestId: string,
  contentType: string,
  payload: Buffer,
): void {
  response.writeHead(200, { "Content-Type": "application/vnd.amazon.eventstream", "x-amzn-RequestId": requestId });
  response.write(eventMessage("initial-response", contentType, payload));
}

export function eventMessage(eventType: string, contentType: string, payload: Buffer): Buffer {
  return frame({ ":message-type": "event", ":event-type": eventType, ":content-type": contentType }, payload);
}

/** An error that the model knows; the stream ends with it. */
export function exceptionMessage(exceptionType: string, contentType: string, payload: Buffer): Buffer {
  return frame(
    { ":message-type": "exception", ":exception-type": exceptionType, ":content-type": contentType },
    payload,
  );
}

function frame(named: Readonly<Record<string, string>>, payload: Buffer): Buffer {
  const headers = Buffer.concat(Object.entries(named).map(([name, value]) => header(name, value)));
  const message = Buffer.allocUnsafe(PRELUDE_BYTES + headers.length + payload.length + CRC_BYTES);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(headers.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  headers.copy(message, PRELUDE_BYTES);
  payload.copy(message, PRELUDE_BYTES + headers.length);
  message.writeUInt32BE(crc32(message.subarray(0, message.length - CRC_BYTES)), message.length - CRC_BYTES);
  return message;
}

function header(name: string, value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(1 + name.length + 3);
  head.writeUInt8(name.length, 0);
  head.write(name, 1, "latin1");
  head.writeUInt8(STRING_TYPE, 1 + name.length);
  head.writeUInt16BE(bytes.length, 2 + name.length);
  return Buffer.concat([head, bytes]);
}
