/** The path of a raw REST API's resource: AWS::ApiGateway::Resource names one segment and its parent. */
import { jsonText } from "../json.js";
import type { BuildContext } from "./build-context.js";

export function restPathOf(resourceId: string, context: BuildContext): string {
  const { scope } = context;
  for (const resource of scope.resources.values()) {
    if (
      resource.type !== "AWS::ApiGateway::Resource" ||
      scope.nameOf(resource.logicalId, scope.usageOf(resource)) !== resourceId
    )
      continue;
    const { ParentId, PathPart } = scope.propertiesOf(resource).value;
    const parent = restPathOf(jsonText(ParentId), context);
    return `${parent === "/" ? "" : parent}/${jsonText(PathPart)}`;
  }
  return "/";
}
