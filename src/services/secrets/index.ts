/**
 * # Secrets Manager
 *
 * Mimics: JSON 1.1, API version 2017-10-17; answers and error texts as recorded on AWS (2024-2025) where a recording
 * exists, otherwise from the API reference and the texts that public tools quote, read in November 2026.
 *
 * Gaps:
 * - ReplicateSecretToRegions, RemoveRegionsFromReplication, StopReplicationToReplica: UnknownOperationException by name
 * - rotation runs when RotateSecret is called; the schedule of RotationRules is kept and shown but never fires by itself
 * - a failed rotation is not tried again by itself
 * - a secret that another service has made (`events!connection/...`) can be changed and deleted by anybody
 * - RotateSecret takes functions of the local stack only; any other ARN is AccessDeniedException
 *
 * By design:
 * - nothing is encrypted: KmsKeyId is kept and shown, values lie in the state folder (mode 0700)
 * - resource policies are checked for form and public access, then kept; they are not enforced
 * - a forced deletion is complete at once (AWS needs a moment)
 *
 * Client quirks:
 * - SDKs fill ClientRequestToken in; a bare HTTP call without it is refused, as on AWS
 * - the error text travels as `Message` (recorded), which SDKs and botocore read as well as `message`
 *
 * Unverified:
 * - the text for a secret marked for deletion, for an oversized value, and for tags that AWS refuses
 * - DescribeSecret's DeletedDate is the time of the request, not the end of the window
 */
import type { EmbeddedService, SecretKeeper, ServiceContext } from "../service.js";
import { handleJson } from "../kit/json-protocol.js";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { secretsOperations } from "./operations.js";
import { ownedSecrets } from "./owned.js";
import { SecretStore } from "./store.js";
import { generatedValue } from "./password.js";
import { readSecretString } from "./versions.js";

/** In process, for the stack (template resources), the CLI, and services that keep secrets of their own. */
export interface SecretsAdmin extends SecretKeeper {
  /** Creates the secret unless one of that name exists; resolves to its ARN. */
  ensureSecret(
    name: string,
    options?: {
      readonly arn?: string;
      readonly secretString?: string;
      /** Instead of a value: how one is made, once. */
      readonly generate?: Readonly<Record<string, unknown>>;
      readonly description?: string;
    },
  ): Promise<string>;
  /** The text of a secret for `{{resolve:secretsmanager:...}}`. Throws ResourceNotFoundException. */
  secretString(secretId: string, stage?: string): string;
}

export type SecretsService = EmbeddedService & SecretsAdmin;

export function createSecretsService(context: ServiceContext): SecretsService {
  const store = new SecretStore(context.store, context.clock, context.realm);
  const operations = secretsOperations({
    store,
    clock: context.clock,
    log: context.log,
    functions: context.functions,
  });
  return {
    ...ownedSecrets(store, context.clock),
    handle: (request, response) =>
      handleJson(request, response, {
        version: "1.1",
        errorNamespace: "",
        operations,
        maxBodyBytes: MEBIBYTE,
        messageKey: "Message",
        log: context.log,
      }),
    ensureSecret: (name, { generate, ...given } = {}) =>
      store.ensure(name, generate === undefined ? given : { ...given, makeValue: () => generatedValue(generate) }),
    secretString: (secretId, stage) => readSecretString(store, secretId, stage),
    reset: () => store.reset(),
    close: () => Promise.resolve(),
  };
}
