/**
 * # CloudWatch
 *
 * Mimics: JSON 1.0 (`GraniteServiceVersion20100801`, what the SDK for JavaScript 3.1162 sends), RPC v2 CBOR and the
 * Query protocol, API version 2010-08-01; from the API reference and the alarm guide, read in November 2026.
 *
 * Gaps:
 * - composite alarms, anomaly detection, dashboards, Metrics Insights, metric streams, contributor insights:
 *   UnknownOperationException (InvalidAction in the Query protocol) by name
 * - metric math: ANOMALY_DETECTION_BAND, SEARCH, LAMBDA, SERVICE_QUOTA, INSIGHT_RULE_METRIC and DB_PERF_INSIGHTS are a
 *   ValidationError that names them, and so is an expression whose answer is an array of time series
 * - of the extended statistics only percentiles (p0 to p100); trimmed means and their kin are refused by name
 * - of what AWS's services measure themselves there are AWS/Lambda (Invocations, Errors, Duration; Throttles when there are
 *   some) and the depths and ages of AWS/SQS; an alarm of the template on another `AWS/` metric is told when the stack starts
 * - actions of alarms publish to topics; those of other kinds (scaling, instances, functions) are a line in the log
 * - PutMetricData with EntityMetricData is refused by name; StrictEntityValidation has no effect
 *
 * By design:
 * - values are there at once (AWS needs up to two minutes), and stay until the state is reset
 * - alarms are evaluated at each full minute of the clock, each ten seconds when one has a shorter period
 * - values of one period beyond 500 distinct ones are rounded to three digits for percentiles
 * - DeleteAlarms and the switches of actions pass over names that do not exist
 *
 * Client quirks:
 * - SDKs gzip large PutMetricData bodies; the SDK for JavaScript, when told to speak CBOR, then announces the length of
 *   the body before packing and waits for ever, whoever the server is (seen with 3.1162; its default is JSON)
 * - clients of this service branch on the Query codes: JSON and CBOR errors carry them in `x-amzn-query-error`
 *
 * Unverified:
 * - periods of GetMetricStatistics count from StartTime (cut to its minute), those of GetMetricData from the epoch
 * - percentiles are interpolated between neighbours; STDDEV is that of the whole population
 * - the range an alarm looks back over is N + 2 periods
 */
import { gunzip } from "node:zlib";
import { promisify } from "node:util";
import { Readable } from "node:stream";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { parseEmf } from "../../observe/emf.js";
import { AwsError } from "../kit/aws-error.js";
import { readBody } from "../kit/body.js";
import { handleCbor, isCborRequest } from "../kit/cbor-protocol.js";
import { handleJson, type JsonObject } from "../kit/json-protocol.js";
import { handleQuery, isQueryRequest } from "../kit/query-protocol.js";
import type { EmbeddedService, ServiceContext, ServiceRequest } from "../service.js";
import { AlarmStore } from "./alarm-store.js";
import { AlarmEvaluator } from "./evaluator.js";
import { putMetricAlarm } from "./alarms.js";
import { cloudWatchOperations } from "./operations.js";
import { summarize } from "./statistics.js";
import { MetricStore, type MetricIdentity } from "./store.js";

/** AWS: 1 MB, compressed or not; a compressed body may grow to this. */
const MAX_BODY_BYTES = MEBIBYTE;
const MAX_INFLATED_BYTES = 16 * MEBIBYTE;
const ERROR_NAMESPACE = "com.amazonaws.cloudwatch#";
const unzip = promisify(gunzip);

/** One metric value given in process. */
export interface MetricInput extends MetricIdentity {
  readonly values: readonly number[];
  /** How often each value came; once each when absent. */
  readonly counts?: readonly number[];
  readonly unit?: string;
  /** The clock's time when absent. */
  readonly timestampMs?: number;
  readonly storageResolution?: 1 | 60;
}

export interface CloudWatchAdmin {
  /** Stores values given in process; any namespace, `AWS/Lambda` too. Resolves when they are stored. */
  putMetric(...metrics: readonly MetricInput[]): Promise<void>;
  /** Stores the metrics in log lines (embedded metric format); resolves to their number. */
  putLogLines(lines: readonly string[]): Promise<number>;
  /** Makes or changes an alarm from the input of PutMetricAlarm. */
  ensureAlarm(input: JsonObject): Promise<void>;
}

export type CloudWatchService = EmbeddedService & CloudWatchAdmin;

export function createCloudWatchService(context: ServiceContext): CloudWatchService {
  const metrics = new MetricStore(context.store);
  const alarms = new AlarmStore(context.store);
  const evaluator = new AlarmEvaluator(alarms, metrics, context);
  const alarmContext = { alarms, evaluator, clock: context.clock, realm: context.realm };
  const operations = cloudWatchOperations({ ...alarmContext, metrics });
  const jsonOperations = Object.fromEntries(Object.entries(operations).map(([name, { run }]) => [name, run]));
  const { log } = context;
  // Alarms of an earlier run go on.
  evaluator.schedule();

  const putMetric = (...given: readonly MetricInput[]): Promise<void> =>
    metrics.put(
      given.map(({ values, counts, unit, timestampMs, storageResolution, ...identity }) => ({
        ...identity,
        unit: unit ?? "None",
        timestampMs: timestampMs ?? context.clock.now(),
        storageResolution: storageResolution ?? 60,
        summary: summarize(values, counts),
      })),
    );

  return {
    handle: (given, response) => {
      const request = given.headers["content-encoding"] === "gzip" ? inflated(given) : given;
      const common = { operations, maxBodyBytes: MAX_INFLATED_BYTES, log };
      if (isCborRequest(request)) {
        return handleCbor(request, response, { ...common, errorNamespace: ERROR_NAMESPACE, queryErrorHeader: true });
      }
      if (isQueryRequest(request)) {
        return handleQuery(request, response, {
          ...common,
          version: "2010-08-01",
          xmlNamespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
        });
      }
      return handleJson(request, response, {
        ...common,
        operations: jsonOperations,
        version: "1.0",
        errorNamespace: ERROR_NAMESPACE,
        queryErrorHeader: true,
      });
    },
    putMetric,
    putLogLines: async (lines) => {
      const found = lines.flatMap(parseEmf).filter(({ values }) => values.every(Number.isFinite));
      if (found.length > 0) await putMetric(...found);
      return found.length;
    },
    ensureAlarm: async (input) => {
      await putMetricAlarm(alarmContext, input);
    },
    reset: async () => {
      await metrics.reset();
      await alarms.reset();
      evaluator.schedule();
    },
    close: () => {
      evaluator.close();
      return Promise.resolve();
    },
  };
}

/** The request with its body unpacked while it is read; the signature covers the packed one, so that is checked here. */
function inflated(request: ServiceRequest): ServiceRequest {
  const { "content-length": _length, "content-encoding": _encoding, ...headers } = request.headers;
  const { buffered: _buffered, ...rest } = request;
  return { ...rest, headers, body: Readable.from(unpack(request)), payload: { kind: "unsigned" } };
}

async function* unpack(request: ServiceRequest): AsyncGenerator<Buffer> {
  const packed = await readBody(request, MAX_BODY_BYTES);
  try {
    yield await unzip(packed, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (error) {
    throw new AwsError("SerializationException", "The request body is not valid gzip data.", { cause: error });
  }
}
