/**
 * Where states lead: to states that are there, and to an end. Each machine within a machine is on its own, but the name of a
 * state stands for one state in the whole definition.
 *
 * As AWS has been seen to say it: the word is `Next` for StartAt, Default and catchers, too; a state counts as reached when
 * any state names it; without a terminal state nothing is said of states that are not reached.
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject, listOf, objectOf } from "../../../config/json.js";
import type { Place } from "./place.js";

const MISSING_TARGET = "MISSING_TRANSITION_TARGET";

interface Transition {
  readonly target: string;
  readonly place: Place;
}

export function checkTransitions(machine: JsonObject, place: Place): void {
  checkOne(machine, place, new Set());
}

function checkOne(machine: JsonObject, place: Place, names: Set<string>): void {
  const states = objectOf(machine["States"]);
  const within = place.member("States");
  const targets = new Set<string>();
  for (const { target, place: at } of transitionsOf(machine, place)) {
    targets.add(target);
    if (!Object.hasOwn(states, target)) {
      at.refuse(`Missing 'Next' target: ${target}`, MISSING_TARGET);
    }
  }
  if (!Object.values(states).some(isTerminal)) {
    place.refuseAll("Workflow has no terminal state", "MISSING_END_STATE");
  } else {
    for (const name of Object.keys(states).filter((state) => !targets.has(state))) {
      within.member(name).refuse(`State "${name}" is not reachable.`, MISSING_TARGET);
    }
  }
  for (const [name, state] of Object.entries(states)) {
    if (names.has(name)) {
      within.member(name).refuse(`Duplicate State name: ${name}`, "DUPLICATE_STATE_NAME");
    }
    names.add(name);
    checkInner(objectOf(state), within.member(name), names);
  }
}

function checkInner(state: JsonObject, place: Place, names: Set<string>): void {
  for (const [index, branch] of listOf(state["Branches"]).entries()) {
    checkOne(objectOf(branch), place.member("Branches").item(index), names);
  }
  for (const member of ["ItemProcessor", "Iterator"]) {
    const processor = state[member];
    if (isJsonObject(processor)) {
      checkOne(processor, place.member(member), names);
    }
  }
}

function isTerminal(state: Json): boolean {
  const { End, Type } = objectOf(state);
  return End === true || Type === "Succeed" || Type === "Fail";
}

function* transitionsOf(machine: JsonObject, place: Place): Generator<Transition> {
  yield* transition(machine, "StartAt", place);
  for (const [name, state] of Object.entries(objectOf(machine["States"]))) {
    const at = place.member("States").member(name);
    const members = objectOf(state);
    yield* transition(members, "Next", at);
    yield* transition(members, "Default", at);
    for (const list of ["Choices", "Catch"]) {
      for (const [index, item] of listOf(members[list]).entries()) {
        yield* transition(objectOf(item), "Next", at.member(list).item(index));
      }
    }
  }
}

function* transition(holder: JsonObject, member: string, place: Place): Generator<Transition> {
  const target = holder[member];
  if (typeof target === "string") {
    yield { target, place: place.member(member) };
  }
}
