/**
 * Versions: a revision of a machine that stays as it is.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_PublishStateMachineVersion.html
 */
import { stringMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Operations, StatesContext } from "../context.js";
import { statesError } from "../errors.js";
import { machineArn, parseMachineArn } from "../executions/names.js";
import { seconds } from "../executions/views.js";
import { publishVersion } from "../machines/changes.js";
import { descriptionMember } from "../machines/drafts.js";
import { requireMachine } from "../machines/targets.js";
import type { MachineRow } from "../rows.js";
import { arnMember, behind, pageMember, pageOf, requiredArn } from "./input.js";

/** What a machine's first revision is called where a revision is asked for. */
const FIRST_REVISION = "INITIAL";

export function versionOperations(context: StatesContext): Operations {
  const { store, realm } = context;
  return {
    PublishStateMachineVersion: (input) => {
      const arn = requiredArn(input, "stateMachineArn");
      const description = descriptionMember(input, "description");
      return store.write(() => {
        const machine = requireMachine(context, arn);
        checkRevision(machine, stringMember(input, "revisionId"));
        const { number, createdMs } = publishVersion(context, machine, description);
        return { stateMachineVersionArn: machineArn(realm, machine.name, number), creationDate: seconds(createdMs) };
      });
    },
    DeleteStateMachineVersion: (input) => remove(context, requiredArn(input, "stateMachineVersionArn")),
    ListStateMachineVersions: (input) => {
      const violations = new Violations();
      const arn = arnMember(input, "stateMachineArn", violations);
      const page = pageMember(input, violations);
      violations.required(arn, "stateMachineArn");
      violations.check();
      const { name } = requireMachine(context, arn ?? "");
      const keyOf = ({ number }: { number: number }): string => String(number);
      const { items, more } = pageOf(behind(store.versions(name), page.after, keyOf), page.size, keyOf);
      const stateMachineVersions = items.map(({ number, createdMs }) => ({
        stateMachineVersionArn: machineArn(realm, name, number),
        creationDate: seconds(createdMs),
      }));
      return { stateMachineVersions, ...more };
    },
  };
}

function checkRevision({ revision }: MachineRow, wanted: string | undefined): void {
  const current = revision.revisionId ?? FIRST_REVISION;
  if (wanted !== undefined && wanted !== current)
    throw statesError.conflict(
      `Failed to publish the State Machine version for revision ${wanted}. The current State Machine revision is ${current}.`,
    );
}

/** One that is not there is no error. */
async function remove({ store, realm }: StatesContext, arn: string): Promise<JsonObject> {
  const reference = parseMachineArn(arn, realm);
  if (reference?.version === undefined) return {};
  const { name, version } = reference;
  await store.write(() => {
    const users = store.aliases(name).filter(({ routing }) => routing.some((one) => one.version === version));
    if (users.length > 0)
      throw statesError.conflict(
        "Version to be deleted must not be referenced by an alias. " +
          `Current list of aliases referencing this version: [${users.map((alias) => alias.name).join(", ")}]`,
      );
    store.removeVersion(name, version);
  });
  return {};
}
