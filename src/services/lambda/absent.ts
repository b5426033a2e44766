/** What AWS has and nothing here does, by name, so that a client is told what it asked for. API model of November 2026. */
import type { Route } from "./context.js";

const PROVIDERS = "/2025-11-30/capacity-providers";
const EXECUTIONS = "/2025-12-01/durable-executions";

export const ABSENT_ROUTES: readonly Route[] = [
  { method: "POST", path: PROVIDERS, name: "CreateCapacityProvider" },
  { method: "GET", path: PROVIDERS, name: "ListCapacityProviders" },
  { method: "GET", path: `${PROVIDERS}/{Name}`, name: "GetCapacityProvider" },
  { method: "PUT", path: `${PROVIDERS}/{Name}`, name: "UpdateCapacityProvider" },
  { method: "DELETE", path: `${PROVIDERS}/{Name}`, name: "DeleteCapacityProvider" },
  { method: "GET", path: `${PROVIDERS}/{Name}/function-versions`, name: "ListFunctionVersionsByCapacityProvider" },
  {
    method: "GET",
    path: "/2025-11-30/functions/{FunctionName}/function-scaling-config",
    name: "GetFunctionScalingConfig",
  },
  {
    method: "PUT",
    path: "/2025-11-30/functions/{FunctionName}/function-scaling-config",
    name: "PutFunctionScalingConfig",
  },
  { method: "DELETE", path: `${EXECUTIONS}/{Arn+}`, name: "DeleteDurableExecution" },
  { method: "POST", path: `${EXECUTIONS}/{Arn+}/pause`, name: "PauseDurableExecution" },
  { method: "POST", path: `${EXECUTIONS}/{Arn+}/resume`, name: "ResumeDurableExecution" },
];
