/** AWS_IAM: the signature of a request, checked as the embedded services check theirs. */
import { AuthRefusal } from "../../../services/kit/auth-refusal.js";
import { createAuthenticator } from "../../../services/kit/authenticate.js";
import type { Caller, Credentials } from "../../../services/kit/credentials.js";
import type { Clock } from "../../../shared/clock.js";
import { headerOf, type HttpRequest } from "../message.js";
import type { RefusalDetail } from "../refusals.js";

/** Who signed, or what is wrong with the signature: nothing to say where there is none. */
export type IamOutcome =
  | { readonly caller: Caller; readonly fault?: undefined }
  | { readonly caller?: undefined; readonly fault: RefusalDetail | undefined };

export type IamCheck = (request: HttpRequest, signedPath: string) => IamOutcome;

const SIGNED_QUERY = /(^|&)X-Amz-Algorithm=/;

/** Whether the request brings a signature at all, good or not. */
export function isSigned(request: HttpRequest): boolean {
  return (
    SIGNED_QUERY.test(request.query) || headerOf(request, "authorization")?.startsWith("AWS4-HMAC-SHA256 ") === true
  );
}

export function iamCheck(options: { readonly credentials: Credentials; readonly clock: Clock }): IamCheck {
  const authenticate = createAuthenticator(options);
  return (request, signedPath) => {
    if (!isSigned(request)) return { fault: undefined };
    const inQuery = SIGNED_QUERY.test(request.query);
    try {
      const { caller } = authenticate({
        message: {
          method: request.method,
          path: signedPath,
          query: request.query,
          headers: Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value])),
          rawHeaders: request.headers.flat(),
        },
        mechanism: inQuery ? "v4-query" : "v4-header",
        isS3: false,
        anonymous: false,
        resource: signedPath,
        parameters: () => new Map(new URLSearchParams(request.query)),
        body: request.body,
      });
      return caller === undefined ? { fault: undefined } : { caller };
    } catch (error) {
      return { fault: error instanceof AuthRefusal ? detailOf(error) : undefined };
    }
  };
}

/** API Gateway shows what it would have signed, as S3 does in members of their own. */
function detailOf(refusal: AuthRefusal): RefusalDetail {
  const { code, message } = refusal.inProtocol("rest-json");
  const { CanonicalRequest: canonical, StringToSign: stringToSign } = refusal.inProtocol("rest-xml").members;
  const shown =
    typeof canonical === "string" && typeof stringToSign === "string"
      ? `\n\nThe Canonical String for this request should have been\n'${canonical}'\n\nThe String-to-Sign should have been\n'${stringToSign}'\n`
      : "";
  return { message: `${message}${shown}`, type: code };
}
