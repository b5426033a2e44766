/**
 * What a REST API says about an Authorization header that is no signature where it takes nothing else: on routes with AWS_IAM
 * and, as API Gateway asks there in the same way, on paths without a route. Whoever sends a Bearer token to a wrong path
 * gets this and takes it for a fault of the token. Texts as clients have published them in 2025 and 2026.
 */
import { createHash } from "node:crypto";
import { headerOf, type HttpRequest } from "../message.js";
import type { RefusalDetail } from "../refusals.js";
import { isSigned } from "./iam.js";

const PARAMETERS = ["Credential", "Signature", "SignedHeaders"] as const;

/** Nothing where there is no such header, or a signature. */
export function foreignAuthorization(request: HttpRequest): RefusalDetail | undefined {
  const header = headerOf(request, "authorization") ?? "";
  if (header === "" || isSigned(request)) return undefined;
  const [, ...pairs] = header.split(/[\s,]+/);
  const hash = createHash("sha256").update(header).digest("base64");
  const message = pairs.some((pair) => !pair.includes("="))
    ? `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${hash}'.`
    : `${absentIn(request).join(" ")} (Hashed with SHA-256 and encoded with Base64) Authorization=${hash}`;
  return { message, type: "IncompleteSignatureException" };
}

function absentIn(request: HttpRequest): readonly string[] {
  const dated = ["x-amz-date", "date"].some((name) => headerOf(request, name) !== undefined);
  return [
    ...PARAMETERS.map((name) => `Authorization header requires '${name}' parameter.`),
    ...(dated ? [] : ["Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."]),
  ];
}
