/** Operations on the targets of rules. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html */
import { objectListMember, stringListMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { checkName, page, requireRule, type EventsContext, type Operations } from "./context.js";
import { eventsError } from "./errors.js";
import { checkTarget, unsupportedPart } from "./target-checks.js";
import type { RuleRow, TargetRow } from "./store.js";

const MAX_TARGETS = 5;
const MAX_LISTED = 100;

export function targetOperations(context: EventsContext): Operations {
  const { store } = context;
  return {
    PutTargets: (input) => {
      const targets = readTargets(input);
      return store.write(() => putTargets(context, requireRule(context, input, "Rule"), targets));
    },
    RemoveTargets: (input) => {
      const ids = stringListMember(input, "Ids");
      const violations = new Violations();
      violations.required(ids, "ids");
      violations.length(ids, "ids", 1, MAX_LISTED);
      violations.check();
      return store.write(() => {
        const { busName, name } = requireRule(context, input, "Rule");
        const failed = (ids ?? []).flatMap((id) =>
          store.removeTarget(busName, name, id)
            ? []
            : [
                {
                  TargetId: id,
                  ErrorCode: "ResourceNotFoundException",
                  ErrorMessage: `Rule ${name} does not have a target with the Id ${id}.`,
                },
              ],
        );
        return { FailedEntryCount: failed.length, FailedEntries: failed };
      });
    },
    ListTargetsByRule: (input) => {
      const { busName, name } = requireRule(context, input, "Rule");
      const { items, next } = page(store.targetsOf(busName, name), input, ({ Id }) => Id);
      return { Targets: items.map((target) => ({ ...target })), ...next };
    },
  };
}

/** To be called inside a write transaction. A target of a kind that is not emulated fails alone. */
function putTargets({ store }: EventsContext, { busName, name }: RuleRow, targets: readonly TargetRow[]): JsonObject {
  for (const target of targets) checkTarget(target);
  const failed: JsonObject[] = [];
  for (const target of targets) {
    const unsupported = unsupportedPart(target);
    if (unsupported === undefined) store.putTarget(busName, name, target);
    else {
      const { code, message } = eventsError.notEmulated(unsupported);
      failed.push({ TargetId: target.Id, ErrorCode: code, ErrorMessage: message });
    }
  }
  // What was written goes with the transaction.
  if (store.targetsOf(busName, name).length > MAX_TARGETS) throw eventsError.tooMany();
  return { FailedEntryCount: failed.length, FailedEntries: failed };
}

function readTargets(input: JsonObject): readonly TargetRow[] {
  const targets = objectListMember(input, "Targets");
  const violations = new Violations();
  violations.required(targets, "targets");
  violations.length(targets, "targets", 1, MAX_LISTED);
  for (const [index, { Id, Arn }] of (targets ?? []).entries()) {
    const at = `targets.${index + 1}.member`;
    violations.required(Id, `${at}.id`);
    violations.required(Arn, `${at}.arn`);
    if (typeof Id === "string") checkName(violations, Id, `${at}.id`);
    if (typeof Arn === "string") violations.length(Arn, `${at}.arn`, 1, 1600);
  }
  violations.check();
  return (targets ?? []).map((target) => ({ ...target, Id: String(target["Id"]), Arn: String(target["Arn"]) }));
}
