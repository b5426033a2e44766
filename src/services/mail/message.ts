/** Subject and text of a mail, for a person: RFC 5322 headers, RFC 2047 words, and the first text of RFC 2045 parts. */

export interface MailContent {
  readonly subject: string;
  readonly text: string;
}

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** `source` is Latin-1: one character a byte, whatever the body's own encoding is. */
export function mailContent(source: string): MailContent {
  const mail = partOf(source);
  // Some clients write letters beyond ASCII as they are (RFC 6532).
  const subject = Buffer.from(mail.headers.get("subject") ?? "", "latin1").toString("utf8");
  return { subject: decodeWords(subject), text: textOf(mail) ?? "" };
}

function partOf(source: string): Part {
  const end = /\r?\n\r?\n/.exec(source);
  const head = end === null ? source : source.slice(0, end.index);
  const headers = new Map<string, string>();
  // A line that begins with white space goes on with the one before.
  for (const line of head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body: end === null ? "" : source.slice(end.index + end[0].length) };
}

/** Parts in parts: nobody's mail has more, and each is a look through all that is in it. */
const MAX_DEPTH = 20;

function textOf({ headers, body }: Part, depth = 0): string | undefined {
  const type = headers.get("content-type") ?? "text/plain";
  if (/^multipart\//i.test(type)) {
    const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
    if (boundary === undefined || depth === MAX_DEPTH) return undefined;
    const parts = `\r\n${body}`.split(new RegExp(`\\r?\\n--${escaped(boundary)}(?:--)?[ \\t]*(?:\\r?\\n|$)`)).slice(1);
    for (const part of parts) {
      const text = textOf(partOf(part), depth + 1);
      if (text !== undefined) return text;
    }
    return undefined;
  }
  if (!/^text\//i.test(type)) return undefined;
  const charset = /charset="?([^";\s]+)"?/i.exec(type)?.[1] ?? "utf-8";
  return decoded(bytesOf(body, headers.get("content-transfer-encoding") ?? ""), charset).trimEnd();
}

function bytesOf(body: string, encoding: string): Buffer {
  switch (encoding.toLowerCase()) {
    case "base64":
      return Buffer.from(body, "base64");
    case "quoted-printable":
      return unquoted(body.replace(/=[ \t]*\r?\n/g, ""));
    default:
      return Buffer.from(body, "latin1");
  }
}

/** `=3D` is a byte. */
const unquoted = (text: string): Buffer =>
  Buffer.from(
    text.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );

/** `=?utf-8?B?...?=`; the space between two of them is none. */
function decodeWords(header: string): string {
  return header
    .replace(/(\?=)\s+(=\?)/g, "$1$2")
    .replace(/=\?([^?]+)\?([BQ])\?([^?]*)\?=/gi, (_, charset: string, kind: string, text: string) =>
      decoded(kind.toUpperCase() === "B" ? Buffer.from(text, "base64") : unquoted(text.replaceAll("_", " ")), charset),
    );
}

function decoded(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    // A charset that nobody knows: the bytes are shown as far as they are letters.
    return bytes.toString("latin1");
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
