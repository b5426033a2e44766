/** Requests of tests through the HTTP front doors of a stack: real sockets, real answers. */
import { didYouMean } from "../config/nearest.js";
import { AppError } from "../shared/errors.js";
import type { FrontDoor } from "./doors.js";

export interface DoorRequest extends RequestInit {
  /** Logical id of the API, or of the function behind a function URL; may be left out where there is one door. */
  readonly api?: string;
}

/** Fetches a path below a door. Throws LR1004 when it is not clear which one. */
export function requestDoor(doors: readonly FrontDoor[], path: string, request: DoorRequest = {}): Promise<Response> {
  const { api, ...init } = request;
  const { url } = doorFor(
    doors.filter(({ kind }) => kind !== "websocket"),
    api,
  );
  return fetch(`${url.replace(/\/$/, "")}/${path.replace(/^\//, "")}`, init);
}

/** Throws LR1004 when it is not clear which one. */
export function doorFor(doors: readonly FrontDoor[], name: string | undefined): FrontDoor {
  const names = doors.map((door) => door.name);
  const [only, ...others] = doors;
  if (only === undefined)
    throw new AppError("LR1004", {
      what: "The template has no API and no function URL",
      fix: "Declare one, or use invoke().",
    });
  if (name === undefined) {
    if (others.length === 0) return only;
    throw new AppError("LR1004", {
      what: `The template has ${doors.length} APIs and function URLs`,
      fix: `Name one, as in { api: "${only.name}" }; there are ${names.join(", ")}.`,
    });
  }
  const found = doors.find((door) => door.name === name);
  if (found !== undefined) return found;
  throw new AppError("LR1004", {
    what: `There is no API or function URL "${name}".${didYouMean(name, names)}`,
    fix: `Use one of: ${names.join(", ")}.`,
  });
}
