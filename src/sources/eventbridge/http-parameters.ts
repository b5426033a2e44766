/**
 * HttpParameters of a target, with what they take from the event: a value `$.detail.id` is what the event has there.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_HttpParameters.html
 */
import { parsePath, readPath } from "../../services/events/input-path.js";

/** As PutTargets has checked them. */
export interface TargetHttpParameters {
  readonly PathParameterValues?: readonly string[];
  readonly HeaderParameters?: Readonly<Record<string, string>>;
  readonly QueryStringParameters?: Readonly<Record<string, string>>;
}

/** `event` is the text of the whole event. */
export function filledParameters(given: TargetHttpParameters, event: string): TargetHttpParameters {
  const { PathParameterValues, HeaderParameters, QueryStringParameters } = given;
  const value: unknown = JSON.parse(event);
  const fill = (text: string): string => filled(text, value);
  const fillAll = (map: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(map).map(([name, text]) => [name, fill(text)]));
  return {
    ...(PathParameterValues === undefined ? {} : { PathParameterValues: PathParameterValues.map(fill) }),
    ...(HeaderParameters === undefined ? {} : { HeaderParameters: fillAll(HeaderParameters) }),
    ...(QueryStringParameters === undefined ? {} : { QueryStringParameters: fillAll(QueryStringParameters) }),
  };
}

/** What the event does not have is empty. */
function filled(text: string, event: unknown): string {
  const path = text === "$" || text.startsWith("$.") ? parsePath(text) : undefined;
  if (path === undefined) return text;
  const found = readPath(path, event);
  if (found === undefined || found === null) return "";
  return typeof found === "string" ? found : JSON.stringify(found);
}
