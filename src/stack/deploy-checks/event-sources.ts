/** Rules, and mappings of streams, that CloudFormation would refuse. */
import type { Application } from "../../config/application.js";
import { compilePattern } from "../../services/kit/patterns/pattern.js";
import { PatternError } from "../../services/kit/patterns/pattern-error.js";
import type { Finding } from "./finding.js";

export const checkEventSources = (application: Application): Finding[] => [
  ...checkPatterns(application),
  ...checkStreams(application),
];

function checkPatterns({ rules }: Application): Finding[] {
  return rules.flatMap(({ logicalId, pattern }): Finding[] => {
    if (pattern === undefined) return [];
    try {
      compilePattern(JSON.stringify(pattern));
      return [];
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      const [message = ""] = error.message.split("\n");
      const fix = 'Values stand in arrays: {"source": ["my.app"]}.';
      return [{ logicalId, severity: "breaks", what: `its pattern is refused: ${message}`, fix }];
    }
  });
}

/** `!GetAtt Table.StreamArn` has a value only where the table has a stream. */
function checkStreams({ eventSources, tables }: Application): Finding[] {
  return eventSources.flatMap((source): Finding[] => {
    if (source.kind !== "dynamodb") return [];
    const table = tables.find(({ streamArn }) => streamArn === source.streamArn);
    if (table === undefined || table.streamViewType !== undefined) return [];
    return [
      {
        logicalId: source.functionId,
        severity: "breaks",
        what: `${source.eventId} reads the stream of ${table.logicalId}, which has none`,
        fix: `Give ${table.logicalId} a StreamSpecification with a StreamViewType.`,
      },
    ];
  });
}
