/**
 * Map Runs.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html
 */
import { numberMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Operations, StatesContext } from "../context.js";
import { requireExecution, requireMapRun } from "../executions/lookups.js";
import { machineArn } from "../executions/names.js";
import { parentMachineOf, seconds } from "../executions/views.js";
import type { Counts, MapRunRow } from "../rows.js";
import { arnMember, behind, pageMember, pageOf, requiredArn } from "./input.js";

const MAX_PERCENTAGE = 100;

export function mapRunOperations(context: StatesContext): Operations {
  const { store, realm } = context;
  return {
    DescribeMapRun: (input) => described(requireMapRun(context, requiredArn(input, "mapRunArn"))),
    ListMapRuns: (input) => {
      const violations = new Violations();
      const arn = arnMember(input, "executionArn", violations) ?? "";
      violations.required(input["executionArn"] ?? undefined, "executionArn");
      const page = pageMember(input, violations);
      violations.check();
      const stateMachineArn = machineArn(realm, parentMachineOf(requireExecution(context, arn)));
      const keyOf = (row: MapRunRow): string => row.arn;
      const { items, more } = pageOf(behind(store.mapRunsOf(arn), page.after, keyOf), page.size, keyOf);
      const mapRuns = items.map((row) => ({
        executionArn: row.executionArn,
        mapRunArn: row.arn,
        stateMachineArn,
        startDate: seconds(row.startMs),
        ...(row.stopMs === undefined ? {} : { stopDate: seconds(row.stopMs) }),
      }));
      return { mapRuns, ...more };
    },
    UpdateMapRun: async (input) => {
      const arn = requiredArn(input, "mapRunArn");
      const maxConcurrency = numberMember(input, "maxConcurrency");
      const toleratedFailurePercentage = numberMember(input, "toleratedFailurePercentage");
      const toleratedFailureCount = numberMember(input, "toleratedFailureCount");
      const violations = new Violations();
      violations.range(maxConcurrency, "maxConcurrency", 0, Infinity);
      violations.range(toleratedFailurePercentage, "toleratedFailurePercentage", 0, MAX_PERCENTAGE);
      violations.range(toleratedFailureCount, "toleratedFailureCount", 0, Infinity);
      violations.check();
      await store.write(() => {
        const row = requireMapRun(context, arn);
        const limits = {
          maxConcurrency: maxConcurrency ?? row.limits.maxConcurrency,
          toleratedFailurePercentage: toleratedFailurePercentage ?? row.limits.toleratedFailurePercentage,
          toleratedFailureCount: toleratedFailureCount ?? row.limits.toleratedFailureCount,
        };
        store.putMapRun({ ...row, limits });
      });
      return {};
    },
  };
}

function described(row: MapRunRow): JsonObject {
  return {
    mapRunArn: row.arn,
    executionArn: row.executionArn,
    status: row.status,
    startDate: seconds(row.startMs),
    ...(row.stopMs === undefined ? {} : { stopDate: seconds(row.stopMs) }),
    ...row.limits,
    itemCounts: shownCounts(row.items),
    executionCounts: shownCounts(row.executions),
    redriveCount: 0,
  };
}

/** Map Runs are never redriven by themselves. */
const shownCounts = (counts: Counts): JsonObject => ({ ...counts, failuresNotRedrivable: 0, pendingRedrive: 0 });
