/** CreatePipe and its kin. https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_Operations.html */
import { arnOf } from "../../../shared/arn.js";
import { numberMember, objectMember, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { checkListing, checkName } from "../constraints.js";
import { requirePipe, seconds, type Operation, type PipesContext } from "../context.js";
import { pipesError } from "../errors.js";
import { readSettings, updatedSettings } from "../settings.js";
import { going, isPassing } from "../states.js";
import type { PipeRow } from "../store.js";

export function pipeOperations(context: PipesContext): Readonly<Record<string, Operation>> {
  return {
    CreatePipe: ({ input }) => createPipe(context, input),
    UpdatePipe: ({ input }) => {
      const name = nameIn(input);
      return change(context, name, (row) => {
        const next = { ...row, ...updatedSettings(row, input) };
        return going(next, "UPDATING", context.clock.now());
      });
    },
    StartPipe: ({ input }) => desire(context, nameIn(input), "RUNNING"),
    StopPipe: ({ input }) => desire(context, nameIn(input), "STOPPED"),
    DeletePipe: async ({ input }) => {
      const answer = await change(context, nameIn(input), (row) => going(row, "DELETING", context.clock.now()));
      return { ...answer, DesiredState: "DELETED" };
    },
    DescribePipe: ({ input }) => shownPipe(context, requirePipe(context, nameIn(input))),
    ListPipes: ({ input }) => listPipes(context, input),
  };
}

function nameIn(input: JsonObject): string {
  const name = stringMember(input, "Name") ?? "";
  checkName(name);
  return name;
}

async function createPipe(context: PipesContext, input: JsonObject): Promise<JsonObject> {
  const { store, clock, states } = context;
  const name = nameIn(input);
  const settings = readSettings(input);
  const tags = (objectMember(input, "Tags") ?? {}) as Readonly<Record<string, string>>;
  const answer = await store.write(() => {
    if (store.pipe(name) !== undefined) throw pipesError.exists(name);
    const nowMs = clock.now();
    const row: PipeRow = {
      name,
      state: "CREATING",
      stateReason: undefined,
      createdMs: nowMs,
      modifiedMs: nowMs,
      tags,
      declaration: undefined,
      ...settings,
    };
    store.putPipe(row);
    return summary(context, row);
  });
  states.settle(name);
  return answer;
}

/** Refuses what is still on its way to another state. */
async function change(context: PipesContext, name: string, next: (row: PipeRow) => PipeRow): Promise<JsonObject> {
  const { store, states } = context;
  const answer = await store.write(() => {
    const row = requirePipe(context, name);
    if (isPassing(row.state)) throw pipesError.busy(name, row.state);
    const changed = next(row);
    store.putPipe(changed);
    return summary(context, changed);
  });
  states.settle(name);
  return answer;
}

/** Starting what runs and stopping what stands changes nothing. */
async function desire(context: PipesContext, name: string, desiredState: PipeRow["desiredState"]): Promise<JsonObject> {
  const row = requirePipe(context, name);
  if (row.state === desiredState && row.desiredState === desiredState) return summary(context, row);
  const state = desiredState === "RUNNING" ? "STARTING" : "STOPPING";
  return change(context, name, (before) => going({ ...before, desiredState }, state, context.clock.now()));
}

const summary = ({ realm }: PipesContext, row: PipeRow): JsonObject => ({
  Arn: arnOf.pipe(realm, row.name),
  CreationTime: seconds(row.createdMs),
  CurrentState: row.state,
  DesiredState: row.desiredState,
  LastModifiedTime: seconds(row.modifiedMs),
  Name: row.name,
});

const shownPipe = (context: PipesContext, row: PipeRow): JsonObject => ({
  ...summary(context, row),
  DesiredState: row.state === "DELETING" ? "DELETED" : row.desiredState,
  Description: row.description,
  Enrichment: row.enrichment,
  EnrichmentParameters: row.enrichmentParameters,
  KmsKeyIdentifier: row.kmsKeyIdentifier,
  LogConfiguration: row.logConfiguration,
  RoleArn: row.roleArn,
  Source: row.source,
  SourceParameters: row.sourceParameters,
  StateReason: row.stateReason,
  Tags: row.tags,
  Target: row.target,
  TargetParameters: row.targetParameters,
});

const DEFAULT_LIMIT = 100;

function listPipes(context: PipesContext, input: JsonObject): JsonObject {
  checkListing(input);
  const text = (name: string): string | undefined => stringMember(input, name);
  const [desired, current] = [text("DesiredState"), text("CurrentState")];
  const rows = context.store
    .pipes()
    .filter(
      (row) =>
        row.name.startsWith(text("NamePrefix") ?? "") &&
        row.source.startsWith(text("SourcePrefix") ?? "") &&
        row.target.startsWith(text("TargetPrefix") ?? "") &&
        (desired === undefined || row.desiredState === desired) &&
        (current === undefined || row.state === current),
    );
  const token = text("NextToken");
  const after = token === undefined ? undefined : Buffer.from(token, "base64").toString("utf8");
  const start = after === undefined ? 0 : rows.findIndex(({ name }) => name === after) + 1;
  if (after !== undefined && start === 0) throw pipesError.validation("Invalid NextToken.");
  const end = start + (numberMember(input, "Limit") ?? DEFAULT_LIMIT);
  const shown = rows.slice(start, end);
  const last = shown.at(-1);
  return {
    NextToken: last === undefined || end >= rows.length ? undefined : Buffer.from(last.name).toString("base64"),
    Pipes: shown.map((row) => ({
      ...summary(context, row),
      Enrichment: row.enrichment,
      Source: row.source,
      StateReason: row.stateReason,
      Target: row.target,
    })),
  };
}
