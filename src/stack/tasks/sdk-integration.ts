/**
 * `aws-sdk:SERVICE:ACTION`: the API of a service as it is. https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
 */
import type { IntegrationClients } from "./clients/service-clients.js";
import { SDK_SERVICES } from "./clients/services.js";
import { sdkServiceOf } from "./emulated.js";
import { sdkFailure } from "./failures.js";
import { notEmulated, type Integration } from "./integration.js";
import { operationOf, type ServiceClient } from "./service-call.js";

/** Undefined when there is no such service here. */
export function sdkIntegration(clients: IntegrationClients, service: string, action: string): Integration | undefined {
  const name = sdkServiceOf(service) ?? "";
  const known = SDK_SERVICES.get(name);
  if (known === undefined) return undefined;
  const operation = operationOf(action);
  const withOperation = async (): Promise<ServiceClient> => {
    const client = await clients.of(name);
    if (client.hasOperation(operation)) return client;
    throw notEmulated(`${service}:${action}`);
  };
  return {
    faults: async (parameters) => (await withOperation()).faults(operation, parameters, "java"),
    request: async (parameters, _executionArn, signal) => {
      const client = await withOperation();
      try {
        return (await client.call(operation, parameters, signal, "java")).output;
      } catch (error) {
        throw sdkFailure(known.name, error);
      }
    },
  };
}
