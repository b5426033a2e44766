/** CloudWatch metrics and alarms through the official SDK, in each protocol that its versions have sent. */
import { AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from "@aws-sdk/core/protocols";
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  DescribeAlarmsForMetricCommand,
  DisableAlarmActionsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  ListTagsForResourceCommand,
  PutDashboardCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
  type MetricDataQuery,
  type MetricDatum,
  type PutMetricAlarmCommandInput,
} from "@aws-sdk/client-cloudwatch";
import type { BusEvents } from "../../../src/shared/bus.js";
import { createCloudWatchService, type CloudWatchService } from "../../../src/services/cloudwatch/index.js";
import { serveService, type ServedService } from "../harness.js";

const MINUTE_MS = 60_000;
const PROTOCOLS = { "JSON 1.0": undefined, "RPC v2 CBOR": AwsSmithyRpcV2CborProtocol, Query: AwsQueryProtocol };

describe("CloudWatch", () => {
  let served: ServedService<CloudWatchService>;
  let client: CloudWatchClient;

  beforeAll(async () => {
    served = await serveService(createCloudWatchService);
    client = new CloudWatchClient(served.client);
  });
  afterEach(() => served.service.reset());
  afterAll(async () => {
    client.destroy();
    await served.stop();
  });

  const now = (offsetMs = 0) => new Date(served.clock.now() + offsetMs);
  const put = (...MetricData: MetricDatum[]) => client.send(new PutMetricDataCommand({ Namespace: "App", MetricData }));
  const query = async (MetricDataQueries: MetricDataQuery[], minutes = 5) => {
    const request = {
      MetricDataQueries,
      StartTime: now(-minutes * MINUTE_MS),
      EndTime: now(MINUTE_MS),
      ScanBy: "TimestampAscending" as const,
    };
    return (await client.send(new GetMetricDataCommand(request))).MetricDataResults ?? [];
  };
  const stat = (Id: string, MetricName: string, Stat = "Sum", ReturnData = true): MetricDataQuery => ({
    Id,
    MetricStat: { Metric: { Namespace: "App", MetricName }, Period: 60, Stat },
    ReturnData,
  });

  test.each(Object.entries(PROTOCOLS))("metrics, alarms and errors travel in %s", async (_name, protocol) => {
    const speaker = new CloudWatchClient({ ...served.client, ...(protocol === undefined ? {} : { protocol }) });
    const Dimensions = [{ Name: "Environment", Value: "dev" }];
    const MetricData = [
      {
        MetricName: "Latency",
        Dimensions,
        Unit: "Milliseconds" as const,
        Values: [1, 2.5],
        Counts: [2, 1],
        Timestamp: now(),
      },
    ];
    await speaker.send(new PutMetricDataCommand({ Namespace: "App", MetricData }));
    const statistics = await speaker.send(
      new GetMetricStatisticsCommand({
        Namespace: "App",
        MetricName: "Latency",
        Dimensions,
        StartTime: now(),
        EndTime: now(MINUTE_MS),
        Period: 60,
        Statistics: ["Average", "Sum", "SampleCount", "Minimum", "Maximum"],
        ExtendedStatistics: ["p50"],
      }),
    );
    expect(statistics.Label).toBe("Latency");
    expect(statistics.Datapoints).toEqual([
      {
        Timestamp: now(),
        Average: 1.5,
        Sum: 4.5,
        SampleCount: 3,
        Minimum: 1,
        Maximum: 2.5,
        ExtendedStatistics: { p50: 1 },
        Unit: "Milliseconds",
      },
    ]);
    await speaker.send(
      new PutMetricAlarmCommand({
        AlarmName: "slow",
        Namespace: "App",
        MetricName: "Latency",
        Dimensions,
        ExtendedStatistic: "p99",
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 2,
        ComparisonOperator: "GreaterThanThreshold",
      }),
    );
    const { MetricAlarms } = await speaker.send(new DescribeAlarmsCommand({ AlarmNames: ["slow"] }));
    expect(MetricAlarms).toMatchObject([
      {
        AlarmName: "slow",
        StateValue: "INSUFFICIENT_DATA",
        Dimensions,
        ExtendedStatistic: "p99",
        Threshold: 2,
        ActionsEnabled: true,
        StateUpdatedTimestamp: now(),
      },
    ]);
    await expect(
      speaker.send(new SetAlarmStateCommand({ AlarmName: "none", StateValue: "OK", StateReason: "test" })),
    ).rejects.toMatchObject({
      name: expect.stringMatching(/^ResourceNotFound/) as string,
      message: "Alarm none does not exist",
      $metadata: { httpStatusCode: 404 },
    });
    speaker.destroy();
  });

  test("a large body arrives packed and is understood", async () => {
    await put(...Array.from({ length: 1000 }, (_, index) => ({ MetricName: `metric-${index}`, Value: index })));
    const first = await client.send(new ListMetricsCommand({ Namespace: "App" }));
    expect(first.Metrics).toHaveLength(500);
    const second = await client.send(new ListMetricsCommand({ Namespace: "App", NextToken: first.NextToken }));
    expect(second.Metrics).toHaveLength(500);
    expect(second.NextToken).toBeUndefined();
  });

  test("a body that only claims to be packed is refused", async () => {
    const answer = await fetch(served.endpoint, {
      method: "POST",
      headers: { "x-amz-target": "GraniteServiceVersion20100801.ListMetrics", "content-encoding": "gzip" },
      body: "{}",
    });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      {
        __type: "com.amazonaws.cloudwatch#SerializationException",
        message: "The request body is not valid gzip data.",
      },
    ]);
  });

  test.each<[string, MetricDatum, string, string]>([
    [
      "Value and Values",
      { MetricName: "m", Value: 1, Values: [1] },
      "InvalidParameterCombinationException",
      "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have specified both.",
    ],
    [
      "unequal Values and Counts",
      { MetricName: "m", Values: [1, 2], Counts: [1] },
      "InvalidParameterValueException",
      "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
    ],
    [
      "NaN",
      { MetricName: "m", Value: Number.NaN },
      "InvalidParameterValueException",
      "The value NaN for parameter MetricData.member.1.Value is invalid.",
    ],
    [
      "a value beyond 2^360",
      { MetricName: "m", Value: 2 ** 361 },
      "InvalidParameterValueException",
      `The value ${2 ** 361} for parameter MetricData.member.1.Value is invalid.`,
    ],
    [
      "an unknown unit",
      { MetricName: "m", Value: 1, Unit: "Apples" as "Count" },
      "InvalidParameterValueException",
      "The value Apples for parameter MetricData.member.1.Unit is invalid.",
    ],
    [
      "no value",
      { MetricName: "m" },
      "MissingRequiredParameterException",
      "The parameter MetricData.member.1.Value is required.",
    ],
    [
      "31 dimensions",
      { MetricName: "m", Value: 1, Dimensions: Array.from({ length: 31 }, (_, i) => ({ Name: `d${i}`, Value: "v" })) },
      "InvalidParameterValueException",
      "The collection MetricData.member.1.Dimensions must not have a size greater than 30.",
    ],
    [
      "151 values",
      { MetricName: "m", Values: Array.from({ length: 151 }, () => 1) },
      "InvalidParameterValueException",
      "The collection MetricData.member.1.Values must not have a size greater than 150.",
    ],
  ])("%s is refused, and the good data beside it is not stored", async (_what, datum, name, message) => {
    await expect(put(datum, { MetricName: "good", Value: 1 })).rejects.toMatchObject({ name, message });
    expect((await client.send(new ListMetricsCommand({}))).Metrics).toEqual([]);
  });

  test("times more than two weeks back or two hours ahead are refused", async () => {
    await expect(put({ MetricName: "m", Value: 1, Timestamp: now(-15 * 86_400_000) })).rejects.toMatchObject({
      name: "InvalidParameterValueException",
    });
    await expect(put({ MetricName: "m", Value: 1, Timestamp: now(3 * 3_600_000) })).rejects.toMatchObject({
      name: "InvalidParameterValueException",
    });
    await put({ MetricName: "m", Value: 1, Timestamp: now(-13 * 86_400_000) });
  });

  test("AWS's own namespaces are closed to clients and open in process", async () => {
    await expect(
      client.send(new PutMetricDataCommand({ Namespace: "AWS/Lambda", MetricData: [{ MetricName: "m", Value: 1 }] })),
    ).rejects.toMatchObject({
      message: "The value AWS/ for parameter Namespace is invalid.",
    });
    await served.service.putMetric({
      namespace: "AWS/Lambda",
      name: "Errors",
      dimensions: { FunctionName: "f" },
      values: [1],
      unit: "Count",
    });
    const { Metrics } = await client.send(
      new ListMetricsCommand({ Namespace: "AWS/Lambda", Dimensions: [{ Name: "FunctionName" }] }),
    );
    expect(Metrics).toEqual([
      { Namespace: "AWS/Lambda", MetricName: "Errors", Dimensions: [{ Name: "FunctionName", Value: "f" }] },
    ]);
  });

  test("statistic sets add up, but have no percentiles", async () => {
    await put(
      { MetricName: "m", StatisticValues: { SampleCount: 3, Sum: 6, Minimum: 1, Maximum: 3 } },
      { MetricName: "m", Value: 10 },
    );
    const request = { Namespace: "App", MetricName: "m", StartTime: now(), EndTime: now(MINUTE_MS), Period: 60 };
    const { Datapoints } = await client.send(
      new GetMetricStatisticsCommand({
        ...request,
        Statistics: ["Sum", "Average", "Maximum"],
        ExtendedStatistics: ["p50"],
      }),
    );
    expect(Datapoints).toMatchObject([{ Sum: 16, Average: 4, Maximum: 10, ExtendedStatistics: {} }]);
    await expect(
      client.send(new GetMetricStatisticsCommand({ ...request, ExtendedStatistics: ["tm90"] })),
    ).rejects.toMatchObject({
      message: "The value tm90 for parameter ExtendedStatistics is not emulated by lambda-run.",
    });
    await expect(
      client.send(new GetMetricStatisticsCommand({ ...request, EndTime: request.StartTime, Statistics: ["Sum"] })),
    ).rejects.toMatchObject({
      message: "The parameter StartTime must be less than the parameter EndTime.",
    });
    await expect(
      client.send(new GetMetricStatisticsCommand({ ...request, EndTime: now(1441 * MINUTE_MS), Statistics: ["Sum"] })),
    ).rejects.toMatchObject({
      name: "InvalidParameterCombinationException",
      message: expect.stringContaining("up to 1,441 datapoints") as string,
    });
  });

  test("values put one by one into one minute count as if they had come together, also after a restart", async () => {
    const depth = (values: number[]) =>
      served.service.putMetric({ namespace: "App", name: "depth", dimensions: {}, values });
    for (let value = 1; value <= 300; value += 1) await depth([value]);
    const restarted = createCloudWatchService(served.context);
    await restarted.putMetric({ namespace: "App", name: "depth", dimensions: {}, values: [301] });
    await restarted.close();
    const results = await query([stat("n", "depth", "SampleCount"), stat("sum", "depth"), stat("p50", "depth", "p50")]);
    expect(results.map((result) => result.Values)).toEqual([[301], [(301 * 302) / 2], [151]]);
  });

  test("p99 of a thousand values", async () => {
    for (let start = 0; start < 1000; start += 100) {
      await put({ MetricName: "m", Values: Array.from({ length: 100 }, (_, index) => start + index + 1) });
    }
    const [result] = await query([stat("m1", "m", "p99")]);
    expect(result?.Values?.[0]).toBeGreaterThan(985);
    expect(result?.Values?.[0]).toBeLessThanOrEqual(1000);
  });

  test("metric math: rates, sums over metrics, gaps filled", async () => {
    await put({ MetricName: "errors", Value: 1 }, { MetricName: "calls", Value: 4 });
    await put({ MetricName: "calls", Value: 6, Timestamp: now(-2 * MINUTE_MS) });
    const base = [stat("errors", "errors", "Sum", false), stat("calls", "calls", "Sum", false)];
    const evaluate = async (Expression: string) => {
      const [result] = await query([...base, { Id: "e1", Expression, Label: "answer" }], 2);
      return result?.Values;
    };
    expect(await evaluate("100 * errors / calls")).toEqual([25]);
    expect(await evaluate("SUM(METRICS())")).toEqual([6, 5]);
    expect(await evaluate("MAX([errors, calls]) - 1")).toEqual([5, 3]);
    expect(await evaluate("FILL(errors, 0) / FILL(calls, REPEAT)")).toEqual([0, 0, 0.25]);
    expect(await evaluate("IF(calls > 5, calls, 0)")).toEqual([6, 0]);
    expect(await evaluate("calls / SUM(calls)")).toEqual([0.6, 0.4]);
    expect(await evaluate("-(calls ^ 2) + 1")).toEqual([-35, -15]);
    await expect(evaluate("ANOMALY_DETECTION_BAND(calls)")).rejects.toMatchObject({
      name: "ValidationException",
      message: "The metric math function ANOMALY_DETECTION_BAND with 1 arguments is not emulated by lambda-run.",
    });
    await expect(evaluate("calls +")).rejects.toMatchObject({ name: "ValidationException" });
    await expect(evaluate("e1 + 1")).rejects.toMatchObject({ message: "The expression with id e1 refers to itself." });
    await expect(evaluate("nothing")).rejects.toMatchObject({
      message: "The metric or expression with id nothing was not found.",
    });
  });

  test.each([
    ["DIFF(calls)", [3, -5]],
    ["DIFF_TIME(calls)", [60, 120]],
    ["RATE(calls) * 60", [3, -2.5]],
    ["RUNNING_SUM(calls)", [4, 11, 13]],
    ["calls - AVG(calls) > STDDEV(calls)", [0, 1, 0]],
    ["FLOOR(LOG10(calls * 100)) + LOG(1)", [2, 2, 2]],
    ["TIME_SERIES(PERIOD(calls))", [60, 60, 60, 60]],
    ["TIME_SERIES(METRIC_COUNT(METRICS()))", [2, 2, 2, 2]],
    ["TIME_SERIES(DATAPOINT_COUNT(calls))", [3, 3, 3, 3]],
    ["DATAPOINT_COUNT(METRICS())", [1, 1, 2]],
    ["FIRST([calls, errors]) - LAST([calls, errors])", [1]],
    ["MAX(SLICE(SORT(METRICS(), SUM, DESC), 0, 1))", [4, 7, 2]],
    ["MAX(SORT(METRICS(), AVG, ASC, 1))", [1]],
    ["TIME_SERIES(METRIC_COUNT(REMOVE_EMPTY([calls, errors, errors * 0 / 0])))", [2, 2, 2, 2]],
    ["MINUTE(calls)", [57, 58, 0]],
    ["EPOCH(calls) - MIN(EPOCH(calls))", [0, 60, 180]],
    ["DAY(calls) >= 1 AND DAY(calls) <= 7 && YEAR(calls) > 2000", [1, 1, 1]],
    ["calls > 6 OR calls < 3 || MONTH(calls) > 12", [0, 1, 1]],
  ])("metric math: %s", async (Expression, expected) => {
    await put({ MetricName: "errors", Value: 1, Timestamp: now() });
    for (const [minute, Value] of [
      [-3, 4],
      [-2, 7],
      [0, 2],
    ] as const)
      await put({ MetricName: "calls", Value, Timestamp: now(minute * MINUTE_MS) });
    const [result] = await query(
      [stat("calls", "calls", "Sum", false), stat("errors", "errors", "Sum", false), { Id: "e1", Expression }],
      3,
    );
    expect(result?.Values).toEqual(expected);
  });

  test("times beyond all calendars are refused, and gaps are filled over so many periods only", async () => {
    await put({ MetricName: "m", Value: 1 });
    const ask = (StartTime: number, EndTime: number, Expression: string) =>
      served.post("GraniteServiceVersion20100801.GetMetricData", {
        StartTime,
        EndTime,
        MetricDataQueries: [
          { Id: "m1", MetricStat: { Metric: { Namespace: "App", MetricName: "m" }, Period: 60, Stat: "Sum" } },
          { Id: "e1", Expression },
        ],
      });
    expect(await ask(0, 1e30, "FILL(m1, 0)")).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("EndTime is invalid") as string },
    });
    const nowSeconds = Math.floor(served.clock.now() / 1000);
    expect(await ask(0, nowSeconds + 60, "FILL(m1, 0)")).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("limit of 100800") as string },
    });
    expect((await ask(0, nowSeconds + 60, "m1 * 2")).status).toBe(200);
  });

  test("metric data comes newest first, in pages", async () => {
    for (let minute = 0; minute < 3; minute += 1)
      await put({ MetricName: "m", Value: minute, Timestamp: now(-minute * MINUTE_MS) });
    const request = {
      MetricDataQueries: [stat("m1", "m")],
      StartTime: now(-10 * MINUTE_MS),
      EndTime: now(MINUTE_MS),
      MaxDatapoints: 2,
    };
    const first = await client.send(new GetMetricDataCommand(request));
    const second = await client.send(new GetMetricDataCommand({ ...request, NextToken: first.NextToken }));
    expect([first, second].map((page) => page.MetricDataResults?.[0]?.Values)).toEqual([[0, 1], [2]]);
    expect(first.MetricDataResults?.[0]?.StatusCode).toBe("PartialData");
  });

  test("metrics in log lines are stored", async () => {
    const line = JSON.stringify({
      _aws: {
        Timestamp: served.clock.now(),
        CloudWatchMetrics: [{ Namespace: "App", Dimensions: [[]], Metrics: [{ Name: "hits" }] }],
      },
      hits: [1, 2],
    });
    expect(await served.service.putLogLines(["plain text", `INFO ${line}`])).toBe(1);
    expect((await query([stat("m1", "hits")]))[0]?.Values).toEqual([3]);
  });

  describe("alarms", () => {
    const alarm: PutMetricAlarmCommandInput = {
      AlarmName: "dlq",
      Namespace: "App",
      MetricName: "depth",
      Statistic: "Maximum",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: "GreaterThanThreshold",
      AlarmActions: ["arn:aws:sns:us-east-1:000000000000:alerts"],
    };
    const putAlarm = (more: Partial<PutMetricAlarmCommandInput> = {}) =>
      client.send(new PutMetricAlarmCommand({ ...alarm, ...more }));
    const described = async () =>
      (await client.send(new DescribeAlarmsCommand({ AlarmNames: ["dlq"] }))).MetricAlarms?.[0];

    test("an alarm goes off at the minute after its metric crossed the threshold, and back, once each", async () => {
      const changes: BusEvents["AlarmChanged"][] = [];
      const off = served.bus.on("AlarmChanged", (change) => changes.push(change));
      await putAlarm({ TreatMissingData: "notBreaching" });
      await put({ MetricName: "depth", Value: 3 });
      await served.clock.advance(MINUTE_MS);
      expect(await described()).toMatchObject({
        StateValue: "ALARM",
        StateReason:
          "Threshold Crossed: 1 out of the last 1 datapoint [3.0 (01/01/26 00:00:00)] was greater than the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition).".replace(
            "01/01/26 00:00:00",
            expectedDate(served.clock.now() - MINUTE_MS),
          ),
      });
      // One more period without a value, and the alarm's own value leaves the range it looks back over.
      await served.clock.advance(4 * MINUTE_MS);
      off();
      expect((await described())?.StateValue).toBe("OK");
      expect(changes.map(({ alarmName, state }) => [alarmName, state])).toEqual([
        ["dlq", "ALARM"],
        ["dlq", "OK"],
      ]);
      const { AlarmHistoryItems } = await client.send(
        new DescribeAlarmHistoryCommand({ AlarmName: "dlq", HistoryItemType: "StateUpdate" }),
      );
      expect(AlarmHistoryItems?.map((item) => item.HistorySummary)).toEqual([
        "Alarm updated from ALARM to OK",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
      ]);
      expect(JSON.parse(AlarmHistoryItems?.[1]?.HistoryData ?? "")).toMatchObject({
        oldState: { stateValue: "INSUFFICIENT_DATA" },
        newState: { stateValue: "ALARM", stateReasonData: { recentDatapoints: [3], threshold: 0, period: 60 } },
      });
    });

    test("two of three datapoints are needed when the alarm says so", async () => {
      await putAlarm({ EvaluationPeriods: 3, DatapointsToAlarm: 2, Threshold: 5 });
      for (const Value of [9, 1, 9]) {
        expect((await described())?.StateValue).not.toBe("ALARM");
        await put({ MetricName: "depth", Value });
        await served.clock.advance(MINUTE_MS);
      }
      expect((await described())?.StateValue).toBe("ALARM");
    });

    test("an alarm can watch metric math", async () => {
      const Metrics = [
        stat("errors", "errors", "Sum", false),
        stat("calls", "calls", "Sum", false),
        { Id: "rate", Expression: "errors / calls" },
      ];
      const { Namespace: _n, MetricName: _m, Statistic: _s, Period: _p, ...rest } = alarm;
      await client.send(new PutMetricAlarmCommand({ ...rest, Metrics, Threshold: 0.5 }));
      await put({ MetricName: "errors", Value: 3 }, { MetricName: "calls", Value: 4 });
      await served.clock.advance(MINUTE_MS);
      expect(await described()).toMatchObject({
        StateValue: "ALARM",
        Metrics: [{ Id: "errors" }, { Id: "calls" }, { Id: "rate" }],
      });
    });

    test("a state set by hand is told at once and lasts until the next evaluation", async () => {
      const changes: string[] = [];
      const off = served.bus.on("AlarmChanged", ({ state, reason }) => changes.push(`${state}: ${reason}`));
      await putAlarm({ TreatMissingData: "notBreaching" });
      await client.send(new SetAlarmStateCommand({ AlarmName: "dlq", StateValue: "ALARM", StateReason: "drill" }));
      await client.send(new SetAlarmStateCommand({ AlarmName: "dlq", StateValue: "ALARM", StateReason: "again" }));
      expect(changes).toEqual(["ALARM: drill"]);
      await served.clock.advance(MINUTE_MS);
      off();
      expect((await described())?.StateValue).toBe("OK");
    });

    test("the actions of the new state are due with the change, unless they are switched off", async () => {
      const due: BusEvents["AlarmActionDue"][] = [];
      const off = served.bus.on("AlarmActionDue", (action) => due.push(action));
      await putAlarm({ TreatMissingData: "notBreaching", OKActions: ["arn:aws:sns:us-east-1:000000000000:calm"] });
      await client.send(new SetAlarmStateCommand({ AlarmName: "dlq", StateValue: "ALARM", StateReason: "drill" }));
      await served.clock.advance(MINUTE_MS);
      await client.send(new DisableAlarmActionsCommand({ AlarmNames: ["dlq"] }));
      await client.send(new SetAlarmStateCommand({ AlarmName: "dlq", StateValue: "ALARM", StateReason: "again" }));
      off();
      expect(due.map(({ actionArn, subject }) => [actionArn, subject])).toEqual([
        ["arn:aws:sns:us-east-1:000000000000:alerts", 'ALARM: "dlq" in us-east-1'],
        ["arn:aws:sns:us-east-1:000000000000:calm", 'OK: "dlq" in us-east-1'],
      ]);
      expect(JSON.parse(due[1]?.message ?? "")).toMatchObject({
        AlarmName: "dlq",
        OldStateValue: "ALARM",
        NewStateValue: "OK",
        Trigger: { MetricName: "depth", Statistic: "MAXIMUM", Period: 60, TreatMissingData: "notBreaching" },
      });
    });

    test("alarms are found by metric, tagged, switched and deleted", async () => {
      await putAlarm({ Tags: [{ Key: "team", Value: "a" }] });
      const found = await client.send(new DescribeAlarmsForMetricCommand({ Namespace: "App", MetricName: "depth" }));
      const ResourceARN = found.MetricAlarms?.[0]?.AlarmArn ?? "";
      expect(ResourceARN).toBe("arn:aws:cloudwatch:us-east-1:000000000000:alarm:dlq");
      await client.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: "env", Value: "dev" }] }));
      await client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ["team"] }));
      expect((await client.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags).toEqual([
        { Key: "env", Value: "dev" },
      ]);
      await client.send(new DisableAlarmActionsCommand({ AlarmNames: ["dlq"] }));
      expect((await described())?.ActionsEnabled).toBe(false);
      await client.send(new DeleteAlarmsCommand({ AlarmNames: ["dlq"] }));
      expect(await described()).toBeUndefined();
      expect(served.clock.nextTimerAtMs()).toBeUndefined();
    });

    test.each<[string, Partial<PutMetricAlarmCommandInput>, string]>([
      [
        "a range over a day",
        { Period: 300, EvaluationPeriods: 289 },
        "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
      ],
      [
        "M over N",
        { DatapointsToAlarm: 2 },
        "The parameter DatapointsToAlarm must be less than or equal to the parameter EvaluationPeriods.",
      ],
      [
        "an unknown treatment",
        { TreatMissingData: "maybe" },
        "The value maybe is not supported for TreatMissingData parameter. Supported values are [breaching, notBreaching, ignore, missing].",
      ],
      ["an action that is no ARN", { AlarmActions: ["mail"] }, "Invalid arn syntax: mail"],
      [
        "anomaly detection",
        { ThresholdMetricId: "m1" },
        "The parameter ThresholdMetricId is not emulated by lambda-run.",
      ],
    ])("%s is refused", async (_what, more, message) => {
      await expect(putAlarm(more)).rejects.toMatchObject({ name: "ValidationException", message });
      expect(await described()).toBeUndefined();
    });
  });

  test("what is not emulated is refused by name", async () => {
    await expect(
      client.send(new PutDashboardCommand({ DashboardName: "d", DashboardBody: "{}" })),
    ).rejects.toMatchObject({
      message: "The operation PutDashboard is not emulated by lambda-run.",
    });
  });
});

/** `01/01/26 00:00:00` */
function expectedDate(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  return `${iso.slice(8, 10)}/${iso.slice(5, 7)}/${iso.slice(2, 4)} ${iso.slice(11, 19)}`;
}
