/**
 * ListSecrets: filters, order and pages.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html
 */
import { numberMember, objectListMember, stringListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { invalidNextToken, invalidParameter } from "./errors.js";
import type { SecretRow } from "./store.js";

const FILTER_KEYS = ["description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"];
const MAX_FILTERS = 10;
const MAX_PAGE = 100;

interface Filter {
  readonly key: string;
  readonly values: readonly string[];
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken: string | undefined;
}

export function filtersOf(input: JsonObject): readonly Filter[] {
  const list = objectListMember(input, "Filters") ?? [];
  const violations = new Violations();
  violations.length(list, "filters", 0, MAX_FILTERS);
  const filters = list.map((entry, index) => {
    const key = stringMember(entry, "Key");
    const values = stringListMember(entry, "Values");
    violations.oneOf(key, `filters.${index + 1}.member.key`, FILTER_KEYS);
    for (const value of values ?? []) {
      violations.pattern(
        value,
        `filters.${index + 1}.member.values`,
        /^!?[a-zA-Z0-9 :_@/+=.\-!]*$/,
        "^\\!?[a-zA-Z0-9 :_@\\/\\+\\=\\.\\-\\!]*$",
      );
    }
    return { key, values };
  });
  violations.check();
  return filters.map(({ key, values }) => {
    if (key === undefined) throw invalidParameter("Invalid filter key");
    if (values === undefined || values.length === 0) throw invalidParameter(`Invalid filter values for key: ${key}`);
    return { key, values };
  });
}

/** Filters are joined by AND, the values of one by OR; a value that starts with `!` negates. */
export function passes(row: SecretRow, filters: readonly Filter[]): boolean {
  return filters.every((filter) => filter.values.some((value) => passesValue(row, filter.key, value)));
}

function passesValue(row: SecretRow, key: string, value: string): boolean {
  return value.startsWith("!") ? !holds(row, key, value.slice(1)) : holds(row, key, value);
}

function holds(row: SecretRow, key: string, value: string): boolean {
  const tagKeys = row.tags.map((tag) => tag.Key);
  const tagValues = row.tags.map((tag) => tag.Value ?? "");
  switch (key) {
    case "name":
      return row.name.startsWith(value);
    case "description":
      return hasWordPrefix(row.description, value);
    case "tag-key":
      return tagKeys.some((text) => text.startsWith(value));
    case "tag-value":
      return tagValues.some((text) => text.startsWith(value));
    case "all":
      return value
        .split(/[\s/_+=.@-]+/)
        .filter((word) => word !== "")
        .every((word) =>
          [row.name, row.description, ...tagKeys, ...tagValues].some((text) => hasWordPrefix(text, word)),
        );
    case "owning-service":
      return row.owner?.startsWith(value) === true;
    default:
      // No secret here is a replica.
      return false;
  }
}

function hasWordPrefix(text: string | undefined, value: string): boolean {
  if (text === undefined) return false;
  const lower = text.toLowerCase();
  const wanted = value.toLowerCase();
  return lower.startsWith(wanted) || lower.split(/[\s/_+=.@-]+/).some((word) => word.startsWith(wanted));
}

export function sortRows(rows: readonly SecretRow[], input: JsonObject): SecretRow[] {
  const order = stringMember(input, "SortOrder");
  const by = stringMember(input, "SortBy");
  const violations = new Violations();
  violations.oneOf(order, "sortOrder", ["asc", "desc"]);
  violations.oneOf(by, "sortBy", ["created-date", "last-accessed-date", "last-changed-date", "name"]);
  violations.check();
  const rank = (row: SecretRow): number | string => {
    if (by === "name") return row.name;
    if (by === "last-accessed-date") return row.accessedMs ?? 0;
    return by === "last-changed-date" ? row.changedMs : row.createdMs;
  };
  const sorted = [...rows].sort((one, other) => {
    const [left, right] = [rank(one), rank(other)];
    if (left === right) return one.name < other.name ? -1 : 1;
    return left < right ? -1 : 1;
  });
  return order === "desc" ? sorted.reverse() : sorted;
}

/** The token is the number of rows already handed out: pages of a list that changes meanwhile may shift, as on AWS. */
export function pageOf<T>(items: readonly T[], input: JsonObject, defaultSize = MAX_PAGE, maxSize = MAX_PAGE): Page<T> {
  const size = numberMember(input, "MaxResults");
  const violations = new Violations();
  violations.range(size, "maxResults", 1, maxSize);
  violations.check();
  const start = decodeToken(stringMember(input, "NextToken"));
  const end = start + (size ?? defaultSize);
  return { items: items.slice(start, end), nextToken: end < items.length ? encodeToken(end) : undefined };
}

function encodeToken(position: number): string {
  return Buffer.from(`after:${position}`).toString("base64");
}

function decodeToken(token: string | undefined): number {
  if (token === undefined || token === "") return 0;
  const position = /^after:(\d{1,9})$/.exec(Buffer.from(token, "base64").toString("latin1"))?.[1];
  if (position === undefined) throw invalidNextToken();
  return Number(position);
}
