/** A request's members, typed and within the constraints of the API model. Throws what the service would say. */
import { checkConstraints, type Members } from "./shapes.js";
import { readMembers } from "./types.js";

/** `Input` is the interface of what the shapes describe; the two stand side by side in each operation's file. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names, at the call, the interface its shapes stand for
export function readInput<Input>(members: Members, raw: Readonly<Record<string, unknown>>): Input {
  const input = readMembers(members, raw);
  checkConstraints(members, input);
  return input as Input;
}
