/** All operations by their names. https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html */
import type { Operations, StatesContext } from "./context.js";
import { activityOperations } from "./operations/activities.js";
import { aliasOperations } from "./operations/aliases.js";
import { definitionOperations } from "./operations/definitions.js";
import { executionOperations } from "./operations/executions.js";
import { historyOperations } from "./operations/history.js";
import { machineOperations } from "./operations/machines.js";
import { mapRunOperations } from "./operations/map-runs.js";
import { tagOperations } from "./operations/tags.js";
import { versionOperations } from "./operations/versions.js";

export function statesOperations(context: StatesContext): Operations {
  return {
    ...machineOperations(context),
    ...versionOperations(context),
    ...aliasOperations(context),
    ...tagOperations(context),
    ...executionOperations(context),
    ...historyOperations(context),
    ...mapRunOperations(context),
    ...activityOperations(context),
    ...definitionOperations(context),
  };
}
