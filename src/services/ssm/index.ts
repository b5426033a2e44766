/**
 * # SSM Parameter Store
 *
 * Mimics: JSON 1.1 (`AmazonSSM`), API version 2014-11-06, the operations of the Parameter Store; rules and texts from
 * the user guide and the texts that public tools quote, read in November 2026.
 *
 * Gaps:
 * - everything of Systems Manager besides parameters: UnknownOperationException by name
 * - parameter policies (expiration, notification): ValidationException by name
 * - public parameters (`/aws/service/...`) are not there: ParameterNotFound
 *
 * By design:
 * - values lie unencrypted in the state folder (mode 0700); KeyId is kept and shown. Without WithDecryption a
 *   SecureString is answered sealed, other at each call
 * - advanced parameters cost nothing, and there is no limit on their number
 *
 * Client quirks:
 * - ParameterNotFound carries no text, as on AWS: the SDK for JavaScript shows `UnknownError`
 *
 * Unverified:
 * - texts of the filter errors, of the label limit and of a hierarchy that is too deep
 */
import type { EmbeddedService, ServiceContext } from "../service.js";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { handleJson } from "../kit/json-protocol.js";
import { readValue, ssmOperations } from "./operations.js";
import { putParameter } from "./put.js";
import { ParameterStore, type ParameterType } from "./store.js";

export interface SsmAdmin {
  /** Makes a parameter that a template declares; leaves one of that name alone. */
  ensureParameter(
    name: string,
    given: { readonly type: ParameterType; readonly value: string; readonly description?: string },
  ): Promise<void>;
  /** The plain value of `name`, `name:version` or `name:label`. Throws ParameterNotFound. */
  parameterValue(reference: string): string;
}

export type SsmService = EmbeddedService & SsmAdmin;

export function createSsmService(context: ServiceContext): SsmService {
  const store = new ParameterStore(context.store);
  const operations = ssmOperations({ store, clock: context.clock, realm: context.realm });
  return {
    handle: (request, response) =>
      handleJson(request, response, {
        version: "1.1",
        errorNamespace: "",
        operations,
        maxBodyBytes: MEBIBYTE,
        log: context.log,
      }),
    ensureParameter: async (name, { type, value, description }) => {
      if (store.find(name) !== undefined) return;
      const unset = { keyId: undefined, allowedPattern: undefined, dataType: undefined, tags: undefined };
      const modifiedBy = `arn:aws:iam::${context.realm.accountId}:root`;
      const tier = "Intelligent-Tiering";
      await putParameter(store, context.clock, {
        name,
        type,
        value,
        description,
        tier,
        overwrite: false,
        modifiedBy,
        ...unset,
      });
    },
    parameterValue: (reference) => readValue(store, reference),
    reset: () => store.reset(),
    close: () => Promise.resolve(),
  };
}
