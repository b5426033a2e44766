/** AWS_IAM: the signature of a request, checked as the embedded services check theirs. */
import { createAuthenticator } from "../../../services/kit/authenticate.js";
import type { Caller, Credentials } from "../../../services/kit/credentials.js";
import type { Clock } from "../../../shared/clock.js";
import { headerOf, type HttpRequest } from "../message.js";

export type IamCheck = (request: HttpRequest, signedPath: string) => Caller | undefined;

const SIGNED_QUERY = /(^|&)X-Amz-Algorithm=/;

/** Whether the request brings a signature at all, good or not. */
export function isSigned(request: HttpRequest): boolean {
  return (
    SIGNED_QUERY.test(request.query) || headerOf(request, "authorization")?.startsWith("AWS4-HMAC-SHA256 ") === true
  );
}

/** The function answers who signed; undefined when nobody did, or not well. */
export function iamCheck(options: { readonly credentials: Credentials; readonly clock: Clock }): IamCheck {
  const authenticate = createAuthenticator(options);
  return (request, signedPath) => {
    if (!isSigned(request)) return undefined;
    const inQuery = SIGNED_QUERY.test(request.query);
    try {
      return authenticate({
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
      }).caller;
    } catch {
      return undefined;
    }
  };
}
