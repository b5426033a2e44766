/** Pipes without HTTP: what the stack declares, and who moves the events. */
import { AwsError } from "../kit/aws-error.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { PipesContext } from "./context.js";
import { reasonOf } from "./errors.js";
import { readSettings } from "./settings.js";
import { going, type PipeRunner } from "./states.js";
import type { PipeRow } from "./store.js";

export interface DeclaredPipe {
  readonly name: string;
  /** As CreatePipe takes it. */
  readonly input: JsonObject;
}

export interface PipesAdmin {
  /** From now on `runner` moves the events. Resolves when the pipes that there are run. */
  attach(runner: PipeRunner): Promise<void>;
  /**
   * Makes what a template declares, or changes what is there and differs; what an earlier template declared and this one
   * does not goes. Answers, in sentences, what AWS would refuse and which pipes cannot run.
   */
  declare(wanted: readonly DeclaredPipe[]): Promise<readonly string[]>;
  /** The pipe has to stop. Never rejects. */
  stopped(name: string, reason: string): Promise<void>;
}

export function createPipesAdmin(context: PipesContext): PipesAdmin {
  const { store, states } = context;
  return {
    attach: (runner) => states.attach(runner),
    stopped: (name, reason) => states.stopped(name, reason),
    declare: async (wanted) => {
      const refusals: string[] = [];
      const changed = await store.write(() => [
        ...withdrawn(context, wanted),
        ...wanted.flatMap((one) => declared(context, one, refusals)),
      ]);
      for (const name of changed) states.settle(name);
      await states.settled();
      const failed = wanted.flatMap(({ name }) => {
        const row = store.pipe(name);
        return row?.state.endsWith("_FAILED") === true ? [`the pipe ${name} does not run: ${row.stateReason}`] : [];
      });
      return [...refusals, ...failed];
    },
  };
}

/** Names of pipes that an earlier template declared. */
function withdrawn({ store, clock }: PipesContext, wanted: readonly DeclaredPipe[]): string[] {
  const names = new Set(wanted.map(({ name }) => name));
  const rows = store.pipes().filter(({ name, declaration }) => declaration !== undefined && !names.has(name));
  for (const row of rows) store.putPipe(going(row, "DELETING", clock.now()));
  return rows.map(({ name }) => name);
}

/** What AWS refuses is left out: the rest of the stack runs. */
function declared(context: PipesContext, { name, input }: DeclaredPipe, refusals: string[]): string[] {
  const { store, clock } = context;
  const before = store.pipe(name);
  const declaration = JSON.stringify(input);
  // What could not run may do so by now, and what is being deleted is to be there.
  const isSame = before?.declaration === declaration && !/_FAILED$|^DELETING$/.test(before.state);
  if (isSame) return [];
  const nowMs = clock.now();
  try {
    const row: PipeRow = {
      name,
      state: before === undefined ? "CREATING" : "UPDATING",
      stateReason: undefined,
      createdMs: before?.createdMs ?? nowMs,
      modifiedMs: nowMs,
      tags: (input["Tags"] ?? {}) as Readonly<Record<string, string>>,
      declaration,
      ...readSettings(input),
    };
    store.putPipe(row);
    return [name];
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    refusals.push(`the pipe ${name} is left out: ${reasonOf(error)}`);
    if (before === undefined) return [];
    store.putPipe(going(before, "DELETING", nowMs));
    return [name];
  }
}
