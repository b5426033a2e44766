/** What looks at a definition without making a machine of it. */
import { numberMember, stringMember, Violations } from "../../kit/json-input.js";
import type { Operations } from "../context.js";
import type { RunContext } from "../run-context.js";
import { testState } from "../test-state/test-state.js";
import type { MachineType } from "../admin.js";
import { answerOf } from "../validation/answers.js";
import { validateDefinition } from "../validation/validate-definition.js";

const SEVERITIES = ["ERROR", "WARNING"] as const;
const TYPES = ["STANDARD", "EXPRESS"] as const;
const MAX_RESULTS = 100;

export function definitionOperations(context: RunContext): Operations {
  return {
    TestState: (input) => testState(input, context),
    ValidateStateMachineDefinition: (input) => {
      const definition = stringMember(input, "definition");
      const type = stringMember(input, "type") ?? "STANDARD";
      const severity = stringMember(input, "severity");
      const maxResults = numberMember(input, "maxResults");
      const violations = new Violations();
      violations.required(definition, "definition");
      violations.oneOf(type, "type", TYPES);
      violations.oneOf(severity, "severity", SEVERITIES);
      violations.range(maxResults, "maxResults", 0, MAX_RESULTS);
      violations.check();
      const diagnostics = validateDefinition(definition ?? "", type as MachineType);
      return { ...answerOf(diagnostics, severity as (typeof SEVERITIES)[number] | undefined, maxResults) };
    },
  };
}
