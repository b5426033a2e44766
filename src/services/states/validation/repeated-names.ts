/**
 * States with one name in one machine. JSON.parse keeps the last of them and says nothing, so that the text is gone through
 * again; it is known to be JSON.
 */
import type { Place } from "./place.js";

type Role = "machine" | "states" | "state" | "branches" | "other";

interface Open {
  readonly role: Role;
  readonly place: Place;
  readonly isList: boolean;
  readonly names: Set<string>;
  /** Of the member, or the number of the item, whose value comes next. */
  at: string | number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\],]/g;

export function checkRepeatedNames(text: string, place: Place): void {
  const stack: Open[] = [];
  for (const [token, colon] of text.matchAll(TOKEN)) {
    const open = stack.at(-1);
    if (token === "{" || token === "[") {
      stack.push(inside(open, token === "[", place));
    } else if (token === "}" || token === "]") {
      stack.pop();
    } else if (token === ",") {
      if (open?.isList === true) {
        open.at = Number(open.at) + 1;
      }
    } else if (colon !== undefined && open !== undefined) {
      takeName(open, JSON.parse(token.slice(0, -colon.length)) as string);
    }
  }
}

function takeName(open: Open, name: string): void {
  open.at = name;
  if (open.role === "states" && open.names.has(name)) {
    open.place.member(name).refuse(`Duplicate State name: ${name}`, "DUPLICATE_STATE_NAME");
  }
  open.names.add(name);
}

function inside(open: Open | undefined, isList: boolean, top: Place): Open {
  const place =
    open === undefined ? top : typeof open.at === "number" ? open.place.item(open.at) : open.place.member(open.at);
  return { role: roleIn(open), place, isList, names: new Set(), at: isList ? 0 : "" };
}

/** What the value is that comes next: machines hold states, and states machines. */
function roleIn(open: Open | undefined): Role {
  switch (open?.role) {
    case undefined:
    case "branches":
      return "machine";
    case "machine":
      return open?.at === "States" ? "states" : "other";
    case "states":
      return "state";
    case "state":
      return open?.at === "Branches"
        ? "branches"
        : open?.at === "ItemProcessor" || open?.at === "Iterator"
          ? "machine"
          : "other";
    case "other":
      return "other";
  }
}
