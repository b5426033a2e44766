/**
 * State machines.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
 */
import { Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Operations, StatesContext } from "../context.js";
import { statesError } from "../errors.js";
import { requireExecution } from "../executions/lookups.js";
import { machineArn, parseMachineArn } from "../executions/names.js";
import { parentMachineOf, seconds } from "../executions/views.js";
import { changeMachine, createMachine, deleteMachine, publishVersion } from "../machines/changes.js";
import { shownEncryption, shownLogging } from "../machines/configurations.js";
import { checkChange, checkDraft, readChange, readDraft, readPublishing, type Publishing } from "../machines/drafts.js";
import { requireMachine, requireTarget } from "../machines/targets.js";
import type { MachineRow, Revision } from "../rows.js";
import { behind, isMetadataOnly, pageMember, pageOf, requiredArn } from "./input.js";

export function machineOperations(context: StatesContext): Operations {
  return {
    CreateStateMachine: (input) => create(context, input),
    UpdateStateMachine: (input) => update(context, input),
    DeleteStateMachine: async (input) => {
      const reference = parseMachineArn(requiredArn(input, "stateMachineArn"), context.realm);
      if (reference !== undefined) await deleteMachine(context, reference.name);
      return {};
    },
    DescribeStateMachine: (input) => {
      const arn = requiredArn(input, "stateMachineArn");
      return withoutDefinition(isMetadataOnly(input), describe(context, arn));
    },
    DescribeStateMachineForExecution: (input) => {
      const arn = requiredArn(input, "executionArn");
      return withoutDefinition(isMetadataOnly(input), describeForExecution(context, arn));
    },
    ListStateMachines: (input) => {
      const { store, realm } = context;
      const violations = new Violations();
      const page = pageMember(input, violations);
      violations.check();
      const { items, more } = pageOf(
        behind([...store.machines()], page.after, ({ name }) => name),
        page.size,
        ({ name }) => name,
      );
      const stateMachines = items.map((machine) => ({
        stateMachineArn: machineArn(realm, machine.name),
        name: machine.name,
        type: machine.type,
        creationDate: seconds(machine.createdMs),
      }));
      return { stateMachines, ...more };
    },
  };
}

async function create(context: StatesContext, input: JsonObject): Promise<JsonObject> {
  const draft = readDraft(input);
  const publishing = readPublishing(input);
  await checkDraft(draft, context);
  const { store, realm } = context;
  return store.write(() => {
    const machine = createMachine(context, draft);
    return {
      stateMachineArn: machineArn(realm, machine.name),
      creationDate: seconds(machine.createdMs),
      ...published(context, machine, publishing),
    };
  });
}

async function update(context: StatesContext, input: JsonObject): Promise<JsonObject> {
  const arn = requiredArn(input, "stateMachineArn");
  const change = readChange(input);
  const publishing = readPublishing(input);
  await checkChange(change, requireMachine(context, arn).type, context);
  const { store, clock } = context;
  return store.write(() => {
    const before = requireMachine(context, arn);
    if (before.deleting) throw statesError.machineDeleting(arn);
    const after = changeMachine(context, before, change);
    return {
      updateDate: seconds(clock.now()),
      ...(after === before ? {} : { revisionId: after.revision.revisionId }),
      ...published(context, after, publishing),
    };
  });
}

function published(context: StatesContext, machine: MachineRow, { publish, description }: Publishing): JsonObject {
  if (!publish) return {};
  const { number } = publishVersion(context, machine, description);
  return { stateMachineVersionArn: machineArn(context.realm, machine.name, number) };
}

function describe(context: StatesContext, arn: string): JsonObject {
  const { machine, revision, versionNumber } = requireTarget(context, arn);
  const version = versionNumber === undefined ? undefined : context.store.version(machine.name, versionNumber);
  return {
    stateMachineArn: arn,
    name: machine.name,
    status: machine.deleting ? "DELETING" : "ACTIVE",
    type: machine.type,
    creationDate: seconds(version?.createdMs ?? machine.createdMs),
    ...shownRevision(revision),
    ...(version?.description === undefined ? {} : { description: version.description }),
  };
}

function describeForExecution(context: StatesContext, arn: string): JsonObject {
  const { machineName, mapRunArn, revisionId } = requireExecution(context, arn);
  const revision = context.store.revision(parentMachineOf({ machineName }), revisionId);
  if (revision === undefined) throw statesError.executionGone(arn);
  return {
    stateMachineArn: machineArn(context.realm, machineName),
    name: machineName,
    updateDate: seconds(revision.updatedMs),
    ...shownRevision(revision),
    ...(mapRunArn === undefined ? {} : { mapRunArn, label: machineName.split("/")[1] }),
  };
}

function withoutDefinition(wanted: boolean, described: JsonObject): JsonObject {
  return wanted ? Object.fromEntries(Object.entries(described).filter(([name]) => name !== "definition")) : described;
}

function shownRevision({ revisionId, definition, roleArn, logging, tracing, encryption }: Revision): JsonObject {
  return {
    definition,
    roleArn,
    loggingConfiguration: shownLogging(logging),
    tracingConfiguration: { enabled: tracing },
    encryptionConfiguration: shownEncryption(encryption),
    ...(revisionId === undefined ? {} : { revisionId }),
  };
}
