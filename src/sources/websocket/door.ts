/** What the parts of the WebSocket door share. */
import type { Clock } from "../../shared/clock.js";
import type { DoorContext } from "../http/door-context.js";
import type { Connection } from "./connection.js";

export interface Door extends DoorContext {
  readonly clock: Clock;
  /** Open ones, by id. */
  readonly connections: Map<string, Connection>;
  /** A line of an API's access log. */
  readonly onAccess: (destinationArn: string, line: string) => void;
}
