/**
 * A certificate for names of this machine, signed with its own key: whoever trusts it trusts those names and nothing else, as it
 * may sign no other. DER by hand, since Node reads certificates and writes none. RFC 5280, 4.1; RFC 5480 for the key.
 */
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";
import { isIP } from "node:net";

export interface SelfSigned {
  /** PEM. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const BOOLEAN = 0x01;
/** `[n]`, as a constructed value. */
const explicit = (n: number): number => 0xa0 | n;
/** `[n]` of GeneralName: 2 is a DNS name, 7 an address. */
const general = (n: number): number => 0x80 | n;

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const long = length < 0x80 ? [] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(long.length === 0 ? [length] : long)]), content]);
};

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(OBJECT_ID, Buffer.from(bytes));
}

const ECDSA_WITH_SHA256 = der(SEQUENCE, oid("1.2.840.10045.4.3.2"));
const time = (at: Date): Buffer =>
  der(GENERALIZED_TIME, Buffer.from(`${at.toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`));
const extension = (id: string, isCritical: boolean, value: Buffer): Buffer =>
  der(SEQUENCE, oid(id), ...(isCritical ? [der(BOOLEAN, Buffer.from([0xff]))] : []), der(OCTET_STRING, value));

/** Host names and addresses. */
export function selfSigned(names: readonly string[], commonName: string, lifeMs: number, nowMs: number): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, oid("2.5.4.3"), der(UTF8_STRING, Buffer.from(commonName)))));
  // Positive, and not zero.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const extensions = der(
    SEQUENCE,
    extension("2.5.29.17", false, der(SEQUENCE, ...names.map(generalName))),
    // No authority: it signs nothing but itself.
    extension("2.5.29.19", true, der(SEQUENCE)),
    // digitalSignature
    extension("2.5.29.15", true, der(BIT_STRING, Buffer.from([0x07, 0x80]))),
    // serverAuth
    extension("2.5.29.37", false, der(SEQUENCE, oid("1.3.6.1.5.5.7.3.1"))),
  );
  const body = der(
    SEQUENCE,
    der(explicit(0), der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serial),
    ECDSA_WITH_SHA256,
    name,
    // Clocks of others may be behind.
    der(SEQUENCE, time(new Date(nowMs - 24 * 3_600_000)), time(new Date(nowMs + lifeMs))),
    name,
    publicKey.export({ format: "der", type: "spki" }),
    der(explicit(3), extensions),
  );
  const signature = sign("sha256", body, privateKey);
  const whole = der(SEQUENCE, body, ECDSA_WITH_SHA256, der(BIT_STRING, Buffer.from([0]), signature));
  return {
    key: privateKey.export({ format: "pem", type: "pkcs8" }) as string,
    cert: new X509Certificate(whole).toString(),
  };
}

function generalName(text: string): Buffer {
  switch (isIP(text)) {
    case 4:
      return der(general(7), Buffer.from(text.split(".").map(Number)));
    case 6:
      return der(general(7), ipv6Bytes(text));
    default:
      return der(general(2), Buffer.from(text));
  }
}

function ipv6Bytes(text: string): Buffer {
  const [head = "", tail] = text.split("::");
  const groups = (part: string): number[] => (part === "" ? [] : part.split(":").map((group) => parseInt(group, 16)));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
