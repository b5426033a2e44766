/** ParameterFilters of DescribeParameters and GetParametersByPath. */
import { objectListMember, stringListMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { invalidFilterKey, invalidFilterOption, validation } from "./errors.js";
import { checkPath, liesUnder } from "./names.js";
import { latestOf, type ParameterRow } from "./store.js";

type RowTest = (row: ParameterRow) => boolean;

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  Name: ["Equals", "BeginsWith", "Contains"],
  Path: ["OneLevel", "Recursive"],
};
const DESCRIBE_KEYS = ["Name", "Type", "KeyId", "Path", "Label", "Tier", "DataType"];
const BY_PATH_KEYS = ["Type", "KeyId", "Label"];

/** All filters must hold; of one filter's values, one. */
export function describeFilterOf(input: JsonObject): RowTest {
  const old = objectListMember(input, "Filters") ?? [];
  const filters = objectListMember(input, "ParameterFilters") ?? [];
  if (old.length > 0 && filters.length > 0) {
    throw validation("You can use either Filters or ParameterFilters in a single request.");
  }
  const tests = [
    ...filters.map((filter) => compile(filter, DESCRIBE_KEYS)),
    ...old.map((filter) =>
      compile({ ...filter, Option: stringMember(filter, "Key") === "Name" ? "BeginsWith" : "Equals" }, [
        "Name",
        "Type",
        "KeyId",
      ]),
    ),
  ];
  return (row) => tests.every((test) => test(row));
}

export function pathFilterOf(input: JsonObject): RowTest {
  const tests = (objectListMember(input, "ParameterFilters") ?? []).map((filter) => compile(filter, BY_PATH_KEYS));
  return (row) => tests.every((test) => test(row));
}

function compile(filter: JsonObject, keys: readonly string[]): RowTest {
  const key = stringMember(filter, "Key") ?? "";
  const values = stringListMember(filter, "Values") ?? [];
  const isTag = key.startsWith("tag:") && keys === DESCRIBE_KEYS;
  if (!isTag && !keys.includes(key)) throw invalidFilterKey(key);
  const option = stringMember(filter, "Option") ?? (key === "Path" ? "OneLevel" : "Equals");
  if (!(OPTIONS[key] ?? ["Equals", "BeginsWith"]).includes(option)) throw invalidFilterOption(option);
  if (isTag) {
    const name = key.slice("tag:".length);
    return (row) =>
      row.tags.some(
        (tag) => tag.Key === name && (values.length === 0 || values.some((value) => fits(tag.Value, value, option))),
      );
  }
  if (values.length === 0) {
    throw validation(`The following filter values are missing : null for filter key ${key}`);
  }
  if (key === "Path") {
    const paths = values.map(checkPath);
    return (row) => paths.some((path) => liesUnder(row.name, path, option === "Recursive"));
  }
  return (row) => textsOf(row, key).some((text) => values.some((value) => fits(text, value, option)));
}

function textsOf(row: ParameterRow, key: string): readonly string[] {
  const latest = latestOf(row);
  switch (key) {
    case "Name":
      return [row.name];
    case "Type":
      return [row.type];
    case "KeyId":
      return latest.keyId === undefined ? [] : [latest.keyId];
    case "Tier":
      return [latest.tier];
    case "DataType":
      return [latest.dataType];
    default:
      return row.versions.flatMap(({ labels }) => labels);
  }
}

function fits(text: string, value: string, option: string): boolean {
  if (option === "BeginsWith") return text.startsWith(value);
  return option === "Contains" ? text.includes(value) : text === value;
}
