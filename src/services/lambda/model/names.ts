/** Shapes that many operations share: names of functions and layers, qualifiers, ARNs, tags, pages. */
import { integer, listOf, query, structure, text, type MapShape, type Members, type TextShape } from "./shape.js";

export const REGION = "(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}";
const PREFIX = `(arn:(aws[a-zA-Z-]*)?:lambda:)?(${REGION}:)?(\\d{12}:)?(function:)?`;

/** Of CreateFunction, which names everything that is wrong with a name; the others stop at a broken pattern. */
export const NEW_FUNCTION_NAME = text(1, 140, `${PREFIX}([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`);
/** Of operations that make or change something. */
export const FUNCTION_NAME: TextShape = { ...NEW_FUNCTION_NAME, patternAlone: true };
/** Of the others: they take names with a namespace, which functions of one's own do not have. */
export const NAMESPACED_NAME: TextShape = {
  ...text(1, 256, `${PREFIX}([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`),
  patternAlone: true,
};
export const UNQUALIFIED_NAME: TextShape = { ...text(1, 140, `${PREFIX}([a-zA-Z0-9-_]+)`), patternAlone: true };
export const URL_FUNCTION_NAME: TextShape = {
  ...text(1, 140, `${PREFIX}([a-zA-Z0-9-_]{1,64})(:((?!\\d+$)[0-9a-zA-Z-_]+))?`),
  patternAlone: true,
};
export const QUALIFIER = text(1, 128, "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+");
export const URL_QUALIFIER = text(1, 128, "((?!^\\d+$)^[0-9a-zA-Z-_]+$)");
export const PROVISIONED_QUALIFIER = text(1, 128, "(|[a-zA-Z0-9$_-]+)");
export const ALIAS_NAME = text(1, 128, "(?!^[0-9]+$)([a-zA-Z0-9-_]+)");
export const VERSION = text(1, 1024, "(\\$LATEST(\\.PUBLISHED)?|[0-9]+)");

export const ARN = text(0, 10_000, `arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:(${REGION})?:(\\d{12})?:(.*)`);
/** `()` takes the place of one that was set before. */
export const RESOURCE_ARN = text(0, 10_000, "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()");
export const DESTINATION_ARN = text(
  0,
  350,
  `$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:(${REGION})?:(\\d{12})?:(.*)`,
);
export const DESTINATIONS = structure({
  OnSuccess: structure({ Destination: DESTINATION_ARN }),
  OnFailure: structure({ Destination: DESTINATION_ARN }),
});
export const CODE_SIGNING_ARN = text(
  0,
  200,
  `arn:(aws[a-zA-Z-]*)?:lambda:${REGION}:\\d{12}:code-signing-config:csc-[a-z0-9]{17}`,
);
export const LAYER_VERSION_ARN = text(
  1,
  2048,
  `(arn:(aws[a-zA-Z-]*)?:lambda:${REGION}:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)`,
);
/** Refusals still print the wider pattern of older models. */
export const LAYER_NAME: TextShape = {
  ...text(1, 2048, "(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+"),
  enforced: `(arn:(aws[a-zA-Z-]*)?:lambda:${REGION}:\\d{12}:layer:[a-zA-Z0-9-_]{1,140}|[a-zA-Z0-9-_]{1,140})`,
};
/** As recorded in 2025: the model of today has no layers in it, and network connectors instead. */
export const TAGGABLE_ARN = text(
  1,
  10_000,
  `arn:(aws[a-zA-Z-]*):lambda:${REGION}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)`,
);
export const POLICY_RESOURCE = text(
  0,
  512,
  `arn:(aws[a-zA-Z-]*)?:lambda:${REGION}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_])+)?|runtime/[a-zA-Z0-9-_./]+)`,
);
export const REVISION_ID = text(36, 36, "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
export const STATEMENT_ID = text(1, 100, "([a-zA-Z0-9-_]+)");
export const DESCRIPTION = text(0, 256);
export const UUID = text(36, 36);

const TAG_TEXT = "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)";
export const TAG_KEYS = listOf(text(1, 128, TAG_TEXT));
export const TAGS: MapShape = { kind: "map", key: text(1, 128, TAG_TEXT), value: text(0, 256, TAG_TEXT) };

/** Of a list with pages. */
export const pages = (max: number): Members => ({ Marker: query(text()), MaxItems: query(integer(1, max)) });
