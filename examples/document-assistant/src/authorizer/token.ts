/** JSON web tokens with a shared key. RFC 7519, RFC 7515. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { isFields, type Fields } from "../shared/json.js";

export interface Claims {
  readonly sub: string;
}

/** Throws an Error that says what is wrong with it. */
export function verifyToken(token: string, key: string, nowMs: number): Claims {
  const [header = "", payload = "", signature = "", ...more] = token.split(".");
  if (more.length > 0 || signature === "") throw new Error("it has not three parts");
  // Checked before the signature, so that no token chooses how it is verified.
  if (decode(header)["alg"] !== "HS256") throw new Error("it is not signed with HS256");
  const expected = createHmac("sha256", key).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error("its signature is wrong");
  const { sub, exp } = decode(payload);
  if (typeof sub !== "string" || sub === "") throw new Error("it names nobody");
  if (typeof exp !== "number" || exp * 1000 <= nowMs) throw new Error("its time is over");
  return { sub };
}

function decode(part: string): Fields {
  const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  if (!isFields(value)) throw new Error("a part of it is no object");
  return value;
}
