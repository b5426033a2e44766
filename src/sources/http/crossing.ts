/** One request on its route: what admission and integration work on. */
import type { ApiRoute } from "./api-model.js";
import type { DoorContext } from "./door-context.js";
import type { EventV1Input } from "./event-v1.js";
import type { HttpAnswer } from "./message.js";
import type { Passage } from "./passage.js";
import type { RefusalDetail, RefusalName } from "./refusals.js";
import type { RouteMatch } from "./routes.js";
import type { ApiTarget } from "./target.js";

export interface Crossing {
  readonly target: ApiTarget;
  readonly route: ApiRoute;
  readonly routeKey: string;
  readonly parameters: RouteMatch<ApiRoute>["parameters"];
  /** As it is before anybody was let in. */
  readonly event: EventV1Input;
  readonly door: DoorContext;
  readonly passage: Passage;
  readonly refuse: (name: RefusalName, detail?: RefusalDetail) => HttpAnswer;
}
