/**
 * # STS
 *
 * Mimics: Query protocol, API version 2011-06-15, from the API reference, read in November 2026.
 *
 * Gaps:
 * - AssumeRoleWithWebIdentity, AssumeRoleWithSAML, AssumeRoot, GetFederationToken, DecodeAuthorizationMessage:
 *   InvalidAction by name
 * - multi-factor devices: GetSessionToken with one is AccessDenied
 *
 * By design:
 * - any role can be assumed by anyone: there are no roles to look up, no trust policies, and session policies,
 *   external ids and session tags have no effect
 * - credentials carry what they stand for under a seal made with the secret of the state folder; nothing is stored
 * - GetAccessKeyInfo answers the one local account for every key
 *
 * Client quirks:
 * - none known
 *
 * Unverified:
 * - the text for a role ARN that is none
 */
import type { EmbeddedService, ServiceContext } from "../service.js";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { handleQuery } from "../kit/query-protocol.js";
import { stsOperations } from "./operations.js";

export type StsService = EmbeddedService;

export function createStsService(context: ServiceContext): StsService {
  const operations = stsOperations(context);
  return {
    handle: (request, response) =>
      handleQuery(request, response, {
        version: "2011-06-15",
        xmlNamespace: "https://sts.amazonaws.com/doc/2011-06-15/",
        operations,
        maxBodyBytes: MEBIBYTE,
        log: context.log,
      }),
    // Sessions are sealed, not stored.
    reset: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
