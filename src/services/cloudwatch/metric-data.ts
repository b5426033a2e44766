/**
 * PutMetricData: what a client may put, and what AWS says of the rest.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
 */
import { isJsonObject, numberMember, listMember, objectListMember, objectMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { invalidCombination, invalidValue, missingParameter } from "./errors.js";
import { dimensionsOf, requiredNumber, requiredString, unitOf } from "./input.js";
import { summarize, type Summary } from "./statistics.js";
import type { MetricValues } from "./store.js";

const MAX_METRICS = 1000;
const MAX_VALUES = 150;
const MAX_MAGNITUDE = 2 ** 360;
const MAX_NAMESPACE_LENGTH = 255;
const MAX_AGE_MS = 14 * 86_400_000;
const MAX_AHEAD_MS = 2 * 3_600_000;

export function metricDataOf(input: JsonObject, nowMs: number): MetricValues[] {
  const namespace = requiredString(input, "Namespace");
  if (namespace.length > MAX_NAMESPACE_LENGTH || !/^[^:]/.test(namespace)) {
    throw invalidValue(`The value ${namespace.slice(0, MAX_NAMESPACE_LENGTH)} for parameter Namespace is invalid.`);
  }
  if (namespace.startsWith("AWS/")) throw invalidValue("The value AWS/ for parameter Namespace is invalid.");
  if (input["EntityMetricData"] !== undefined) {
    throw invalidValue("The parameter EntityMetricData is not emulated by lambda-run.");
  }
  const data = objectListMember(input, "MetricData");
  if (data === undefined || data.length === 0) throw missingParameter("MetricData");
  if (data.length > MAX_METRICS) {
    throw invalidValue(`The collection MetricData must not have a size greater than ${MAX_METRICS}.`);
  }
  return data.map((datum, index) => valuesOf(datum, namespace, `MetricData.member.${index + 1}.`, nowMs));
}

function valuesOf(datum: JsonObject, namespace: string, at: string, nowMs: number): MetricValues {
  const name = requiredString(datum, "MetricName", `${at}MetricName`);
  const seconds = numberMember(datum, "Timestamp");
  const timestampMs = seconds === undefined ? nowMs : Math.round(seconds * 1000);
  if (timestampMs < nowMs - MAX_AGE_MS || timestampMs > nowMs + MAX_AHEAD_MS) {
    throw invalidValue(
      `The parameter ${at}Timestamp must be a value within two weeks before and two hours after the current day/time.`,
    );
  }
  const resolution = numberMember(datum, "StorageResolution") ?? 60;
  if (resolution !== 1 && resolution !== 60) {
    throw invalidValue(`The value ${resolution} for parameter ${at}StorageResolution is invalid.`);
  }
  return {
    namespace,
    name,
    dimensions: dimensionsOf(datum, at),
    timestampMs,
    unit: unitOf(datum, at) ?? "None",
    storageResolution: resolution,
    summary: summaryOf(datum, at),
  };
}

function summaryOf(datum: JsonObject, at: string): Summary {
  const given = ["Value", "Values", "StatisticValues"].filter((member) => datum[member] !== undefined);
  const [first, second] = given;
  if (second !== undefined) {
    throw invalidCombination(
      `The parameters ${at}${first} and ${at}${second} are mutually exclusive and you have specified both.`,
    );
  }
  if (first === undefined) throw missingParameter(`${at}Value`);
  if (first === "StatisticValues") return statisticSetOf(objectMember(datum, "StatisticValues") ?? {}, at);
  if (first === "Value") return summarize([checked(datum["Value"], `${at}Value`)]);
  const values = numbersOf(datum, "Values", at);
  const counts = datum["Counts"] === undefined ? undefined : numbersOf(datum, "Counts", at);
  if (counts !== undefined && counts.length !== values.length) {
    throw invalidValue(`The parameters ${at}Values and ${at}Counts must be of the same size.`);
  }
  if (counts?.some((count) => count < 0) === true || counts?.every((count) => count === 0) === true) {
    throw invalidValue(`The parameter ${at}Counts must not hold negative values, nor zeros only.`);
  }
  return summarize(values, counts);
}

function numbersOf(datum: JsonObject, member: string, at: string): readonly number[] {
  const list = listMember(datum, member) ?? [];
  if (list.length === 0) throw missingParameter(`${at}${member}`);
  if (list.length > MAX_VALUES) {
    throw invalidValue(`The collection ${at}${member} must not have a size greater than ${MAX_VALUES}.`);
  }
  return list.map((value, index) => checked(value, `${at}${member}.member.${index + 1}`));
}

function statisticSetOf(set: JsonObject, at: string): Summary {
  const read = (member: string): number => {
    requiredNumber(set, member, `${at}StatisticValues.${member}`);
    return checked(set[member], `${at}StatisticValues.${member}`);
  };
  const [count, sum, min, max] = [read("SampleCount"), read("Sum"), read("Minimum"), read("Maximum")];
  if (count <= 0 || min > max) throw invalidValue(`The parameter ${at}StatisticValues is not consistent.`);
  return { count, sum, min, max, values: min === max ? [[min, count]] : undefined };
}

/** JSON writes NaN and the infinities as text. */
function checked(value: unknown, at: string): number {
  if (isJsonObject(value) || Array.isArray(value)) throw invalidValue(`The value for parameter ${at} is invalid.`);
  if (typeof value !== "number" || !Number.isFinite(value) || Math.abs(value) > MAX_MAGNITUDE) {
    throw invalidValue(`The value ${String(value)} for parameter ${at} is invalid.`);
  }
  return value;
}
