/** State machines that AWS would refuse, and types of theirs that need something they have not. */
import type { Application } from "../../config/application.js";
import { definitionFault } from "../definition-faults.js";
import type { Finding } from "./finding.js";

export function checkStateMachines({ stateMachines }: Application): Finding[] {
  return stateMachines.flatMap((machine): Finding[] => {
    const { logicalId, logging } = machine;
    const fault = definitionFault(machine);
    const findings: Finding[] = [];
    if (fault !== undefined) {
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
