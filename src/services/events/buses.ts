/** Operations on event buses. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html */
import { arnOf } from "../../shared/arn.js";
import { booleanMember, jsonObjectIn, objectMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { statementsOf } from "../kit/policy.js";
import {
  DEFAULT_BUS,
  findBus,
  page,
  requireBus,
  seconds,
  withPrefix,
  type EventsContext,
  type Operations,
} from "./context.js";
import { eventsError } from "./errors.js";
import type { BusRow } from "./store.js";
import { readTags } from "./tags.js";

const MAX_NAME_LENGTH = 256;
const MAX_DESCRIPTION_LENGTH = 512;
const SHOWN_NAME_PATTERN = String.raw`[/\.\-_A-Za-z0-9]+`;

export function busOperations(context: EventsContext): Operations {
  const { store, realm, clock } = context;

  /** Changes a bus in one transaction. */
  const change = (given: string | undefined, work: (row: BusRow) => BusRow): Promise<BusRow> =>
    store.write(() => {
      const row = work(requireBus(context, given));
      const changed = { ...row, createdMs: row.createdMs || clock.now(), changedMs: clock.now() };
      store.putBus(changed);
      return changed;
    });

  return {
    CreateEventBus: (input) => createBus(context, input),
    DescribeEventBus: (input) => {
      const row = requireBus(context, stringMember(input, "Name"));
      return { ...shown(row, context), ...properties(row) };
    },
    ListEventBuses: (input) => {
      const others = store.buses().filter(({ name }) => name !== DEFAULT_BUS);
      const rows = [requireBus(context, DEFAULT_BUS), ...others];
      const found = withPrefix(rows, stringMember(input, "NamePrefix"), ({ name }) => name);
      const { items, next } = page(found, input, ({ name }) => name);
      return { EventBuses: items.map((row) => shown(row, context)), ...next };
    },
    UpdateEventBus: async (input) => {
      const { description, deadLetterArn, kmsKeyIdentifier } = readProperties(input);
      const row = await change(stringMember(input, "Name"), (before) => ({
        ...before,
        description: description ?? before.description,
        deadLetterArn: deadLetterArn ?? before.deadLetterArn,
        kmsKeyIdentifier: kmsKeyIdentifier ?? before.kmsKeyIdentifier,
      }));
      return { Arn: arnOf.eventBus(realm, row.name), Name: row.name, ...properties(row) };
    },
    DeleteEventBus: async (input) => {
      const name = stringMember(input, "Name");
      if (name === DEFAULT_BUS) throw eventsError.invalid(`Cannot delete event bus ${DEFAULT_BUS}.`);
      await store.write(() => {
        // One that is not there is deleted.
        const row = name === undefined ? undefined : findBus(context, name);
        if (row === undefined) return;
        if (store.rulesOf(row.name).length > 0)
          throw eventsError.invalid(`Event bus ${row.name} can't be deleted since it has rules.`);
        store.removeBus(row.name);
      });
      return {};
    },
    PutPermission: async (input) => {
      await change(stringMember(input, "EventBusName"), (row) => ({
        ...row,
        policy: grantedPolicy(row, input, context),
      }));
      return {};
    },
    RemovePermission: async (input) => {
      await change(stringMember(input, "EventBusName"), (row) => ({ ...row, policy: reducedPolicy(row, input) }));
      return {};
    },
  };
}

function createBus({ store, realm, clock }: EventsContext, input: JsonObject): Promise<JsonObject> {
  const name = stringMember(input, "Name");
  const violations = new Violations();
  violations.required(name, "name");
  violations.length(name, "name", 1, MAX_NAME_LENGTH);
  violations.pattern(name, "name", /^[/.\-_A-Za-z0-9]+$/, SHOWN_NAME_PATTERN);
  violations.check();
  const busName = name ?? "";
  if (stringMember(input, "EventSourceName") !== undefined)
    throw eventsError.notEmulated("A bus of a partner event source");
  // Names with a slash belong to buses of partners.
  if (busName.includes("/")) throw eventsError.invalid("Event bus name must not contain '/'.");
  const given = readProperties(input);
  const tags = readTags(input);
  return store.write(() => {
    if (busName === DEFAULT_BUS || store.bus(busName) !== undefined) throw eventsError.busExists(busName);
    const nowMs = clock.now();
    const row: BusRow = {
      name: busName,
      policy: undefined,
      createdMs: nowMs,
      changedMs: nowMs,
      tags,
      declared: false,
      ...given,
    };
    store.putBus(row);
    return { EventBusArn: arnOf.eventBus(realm, busName), ...properties(row) };
  });
}

type Properties = Pick<BusRow, "description" | "deadLetterArn" | "kmsKeyIdentifier">;

function readProperties(input: JsonObject): Properties {
  const description = stringMember(input, "Description");
  const violations = new Violations();
  violations.length(description, "description", 0, MAX_DESCRIPTION_LENGTH);
  violations.check();
  const deadLetters = objectMember(input, "DeadLetterConfig");
  if (objectMember(input, "LogConfig") !== undefined) throw eventsError.notEmulated("LogConfig of an event bus");
  return {
    description,
    deadLetterArn: deadLetters === undefined ? undefined : stringMember(deadLetters, "Arn"),
    kmsKeyIdentifier: stringMember(input, "KmsKeyIdentifier"),
  };
}

const properties = ({ description, deadLetterArn, kmsKeyIdentifier }: BusRow): JsonObject => ({
  ...(description === undefined ? {} : { Description: description }),
  ...(kmsKeyIdentifier === undefined ? {} : { KmsKeyIdentifier: kmsKeyIdentifier }),
  ...(deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: deadLetterArn } }),
});

function shown(row: BusRow, { realm, clock }: EventsContext): JsonObject {
  return {
    Name: row.name,
    Arn: arnOf.eventBus(realm, row.name),
    ...(row.description === undefined ? {} : { Description: row.description }),
    ...(row.policy === undefined ? {} : { Policy: row.policy }),
    CreationTime: seconds(row.createdMs || clock.now()),
    LastModifiedTime: seconds(row.changedMs || clock.now()),
  };
}

const SUPPORTED_ACTION = "events:PutEvents";

function grantedPolicy(row: BusRow, input: JsonObject, { realm }: EventsContext): string {
  const whole = stringMember(input, "Policy");
  if (whole !== undefined) {
    if (jsonObjectIn(whole) === undefined) throw eventsError.invalid("This policy contains invalid Json");
    return whole;
  }
  const action = stringMember(input, "Action");
  const principal = stringMember(input, "Principal");
  const sid = stringMember(input, "StatementId");
  const violations = new Violations();
  violations.length(sid, "statementId", 1, 64);
  violations.pattern(sid, "statementId", /^[a-zA-Z0-9-_]+$/, "[a-zA-Z0-9-_]+");
  violations.pattern(principal, "principal", /^(\d{12}|\*)$/, String.raw`(\d{12}|\*)`);
  violations.check();
  if (sid === undefined || action === undefined || principal === undefined)
    throw eventsError.invalid("Parameter(s) StatementId, Action and Principal must be specified.");
  if (action !== SUPPORTED_ACTION) throw eventsError.invalid("Provided value in parameter 'action' is not supported.");
  const condition = objectMember(input, "Condition");
  const statement = {
    Sid: sid,
    Effect: "Allow",
    Principal: principal === "*" ? "*" : { AWS: `arn:aws:iam::${principal}:root` },
    Action: action,
    Resource: arnOf.eventBus(realm, row.name),
    ...(condition === undefined ? {} : { Condition: conditionOf(condition) }),
  };
  const others = statementsOf(policyOf(row)).filter((one) => one?.Sid !== sid);
  return JSON.stringify({ Version: "2012-10-17", Statement: [...others, statement] });
}

function conditionOf(condition: JsonObject): JsonObject {
  const [type, key, value] = ["Type", "Key", "Value"].map((name) => stringMember(condition, name) ?? "");
  return { [type ?? ""]: { [key ?? ""]: value } };
}

function reducedPolicy(row: BusRow, input: JsonObject): string | undefined {
  if (booleanMember(input, "RemoveAllPermissions") === true) return undefined;
  const sid = stringMember(input, "StatementId");
  if (sid === undefined) throw eventsError.invalid("Parameter StatementId is required.");
  const before = statementsOf(policyOf(row));
  const after = before.filter((one) => one?.Sid !== sid);
  if (after.length === before.length) throw eventsError.statementNotFound();
  return after.length === 0 ? undefined : JSON.stringify({ ...policyOf(row), Statement: after });
}

const policyOf = ({ policy }: BusRow): JsonObject => (policy === undefined ? {} : (jsonObjectIn(policy) ?? {}));
