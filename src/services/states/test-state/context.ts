/** The context object of a state under test: it looks like that of an Express execution that nobody started. */
import { randomUUID } from "node:crypto";
import type { Json } from "../../../config/json.js";
import type { Realm } from "../../../shared/arn.js";

export function contextOf(realm: Realm, input: Json, roleArn: string | undefined, startMs: number) {
  const [machine, execution] = [randomUUID(), randomUUID()];
  const prefix = `arn:aws:states:${realm.region}:${realm.accountId}`;
  return {
    Execution: {
      Id: `${prefix}:express:${machine}:${execution}`,
      Input: input,
      Name: execution,
      ...(roleArn === undefined ? {} : { RoleArn: roleArn }),
      StartTime: new Date(startMs).toISOString(),
    },
    StateMachine: { Id: `${prefix}:stateMachine:${machine}`, Name: machine },
  };
}
