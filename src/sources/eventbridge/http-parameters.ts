/**
 * HttpParameters of a target, with what they take from the event: a value `$.detail.id` is what the event has there.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_HttpParameters.html
 */
import { parsePath, readPath } from "../../services/events/input-path.js";

/** As PutTargets has checked them. */
export interface TargetHttpParameters {
  readonly PathParameterValues?: readonly string[] | undefined;
  readonly HeaderParameters?: Readonly<Record<string, string>> | undefined;
  readonly QueryStringParameters?: Readonly<Record<string, string>> | undefined;
}

/** `event` is the text of the whole event. */
export function filledParameters(given: TargetHttpParameters, event: string): TargetHttpParameters {
  const { PathParameterValues: values, HeaderParameters: headers, QueryStringParameters: query } = given;
  const value: unknown = JSON.parse(event);
  const fill = (text: string): string => filled(text, value);
  const fillAll = (map: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(map).map(([name, text]) => [name, fill(text)]));
  return {
    PathParameterValues: values?.map(fill),
    HeaderParameters: headers && fillAll(headers),
    QueryStringParameters: query && fillAll(query),
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
