/** State machines that AWS would refuse or that fail here, and types of theirs that need something they have not. */
import type { Application, StateMachineConfig } from "../../config/application.js";
import { definitionFault } from "../definition-faults.js";
import type { Finding } from "./finding.js";
import { unemulatedTasks } from "./unemulated-tasks.js";

export function checkStateMachines({ stateMachines }: Application): Finding[] {
  return stateMachines.flatMap((machine): Finding[] => {
    const { logicalId, logging } = machine;
    const fault = definitionFault(machine);
    const findings: Finding[] = [];
    if (fault === undefined) findings.push(...unemulated(machine));
    else {
      const what = [fault.what, fault.where, fault.why].filter((text) => text !== undefined).join("; ");
      findings.push({ logicalId, severity: "breaks", what, fix: fault.fix });
    }
    if (logging.level !== "OFF" && logging.logGroupArns.length === 0)
      findings.push({
        logicalId,
        severity: "breaks",
        what: "it logs to no place: AWS takes a level other than OFF with a log group only",
        fix: "Add Destinations with a CloudWatchLogsLogGroup.",
      });
    return findings;
  });
}

const unemulated = ({ logicalId, definition }: StateMachineConfig): Finding[] =>
  unemulatedTasks(definition).map(({ stateName, resource }) => ({
    logicalId,
    severity: "differs",
    what: `the state ${stateName} calls ${resource}, which is not emulated: the task fails here with States.Runtime`,
    fix: "Try the state by TestState with a mock; the rest of the machine runs when a Catch takes the failure.",
  }));
