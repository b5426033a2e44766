/** PutEvents. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
import { randomUUID } from "node:crypto";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { AwsError } from "../kit/aws-error.js";
import { isTooDeep } from "../kit/json-depth.js";
import {
  jsonObjectIn,
  numberMember,
  objectListMember,
  stringListMember,
  stringMember,
  Violations,
} from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { busNameIn, type EventsContext } from "./context.js";
import { eventsError } from "./errors.js";
import { arrive, eventTime } from "./matching.js";

const MAX_ENTRIES = 10;
const MAX_DETAIL_TYPE_LENGTH = 128;
/** What a time counts for. EventBridge user guide, "Calculating PutEvents event entry size". */
const TIME_BYTES = 14;
/** Of a Date. */
const MAX_TIME_MS = 8.64e15;

/** Every entry is kept, or refused by itself: the answers are in the order of the entries. */
export function putEvents(
  context: EventsContext,
  input: JsonObject,
  traceHeader: string | undefined,
): Promise<JsonObject> {
  const entries = objectListMember(input, "Entries");
  const violations = new Violations();
  violations.required(entries, "entries");
  if (entries?.length === 0) violations.length(entries, "entries", 1, MAX_ENTRIES);
  if (entries !== undefined && entries.length > MAX_ENTRIES)
    violations.add(
      `[${entries.map(shownEntry).join(", ")}]`,
      "entries",
      `Member must have length less than or equal to ${MAX_ENTRIES}`,
    );
  violations.check();
  if (stringMember(input, "EndpointId") !== undefined) throw eventsError.notEmulated("A global endpoint");
  const given = entries ?? [];
  if (given.reduce((sum, entry) => sum + sizeBytes(entry), 0) > MEBIBYTE)
    throw eventsError.invalid("Total size of the entries in the request is over the limit.");
  return context.store.write(() => {
    const results = given.map((entry) => putEntry(context, entry, traceHeader));
    return { FailedEntryCount: results.filter((result) => "ErrorCode" in result).length, Entries: results };
  });
}

function sizeBytes(entry: JsonObject): number {
  const texts = ["Source", "DetailType", "Detail"].map((name) => stringMember(entry, name) ?? "");
  const resources = stringListMember(entry, "Resources") ?? [];
  const time = entry["Time"] === undefined ? 0 : TIME_BYTES;
  return [...texts, ...resources].reduce((sum, text) => sum + Buffer.byteLength(text), time);
}

function putEntry(context: EventsContext, entry: JsonObject, traceHeader: string | undefined): JsonObject {
  const detailText = stringMember(entry, "Detail") ?? "";
  const detail = jsonObjectIn(detailText);
  const refused = refusal(entry, detail, detailText);
  if (refused !== undefined) return { ErrorCode: refused.code, ErrorMessage: refused.message };
  const id = randomUUID();
  const envelope = envelopeOf(context, entry, id);
  // The detail's own text: its numbers keep all their digits.
  const text = `${JSON.stringify(envelope).slice(0, -1)},"detail":${detailText.replaceAll(TEXT_OR_SPACE, "$1")}}`;
  // Of an event for a bus that is not there AWS says nothing either: it is lost.
  arrive(context, busNameIn(stringMember(entry, "EventBusName"), context.realm), {
    value: Object.assign(envelope, { detail }),
    text,
    forwarded: false,
    traceHeader: stringMember(entry, "TraceHeader") ?? traceHeader,
  });
  return { EventId: id };
}

interface Refusal {
  readonly code: string;
  readonly message: string;
}

const badArgument = (name: string, reason: string): Refusal => ({
  code: "InvalidArgument",
  message: `Parameter ${name} is not valid. Reason: ${reason}`,
});

function refusal(entry: JsonObject, detail: JsonObject | undefined, detailText: string): Refusal | undefined {
  for (const name of ["Source", "DetailType", "Detail"])
    if ((stringMember(entry, name) ?? "") === "") return badArgument(name, `${name} is a required argument.`);
  if (stringMember(entry, "Source")?.startsWith("aws.") === true)
    return { code: "NotAuthorizedForSource", message: "Not authorized for the source." };
  if ((stringMember(entry, "DetailType") ?? "").length > MAX_DETAIL_TYPE_LENGTH)
    return badArgument("DetailType", `DetailType is longer than ${MAX_DETAIL_TYPE_LENGTH} characters.`);
  if (detail === undefined || isTooDeep(detailText))
    return { code: "MalformedDetail", message: "Detail is malformed." };
  return undefined;
}

const TEXT = String.raw`"(?:[^"\\]|\\.)*"`;
const TEXT_OR_SPACE = new RegExp(String.raw`(${TEXT})|\s+`, "g");

function envelopeOf({ realm, clock }: EventsContext, entry: JsonObject, id: string): JsonObject {
  const time = numberMember(entry, "Time");
  const timeMs = time === undefined ? clock.now() : time * 1000;
  if (Math.abs(timeMs) > MAX_TIME_MS) throw new AwsError("SerializationException", "Time is not a timestamp.");
  return {
    version: "0",
    id,
    "detail-type": stringMember(entry, "DetailType"),
    source: stringMember(entry, "Source"),
    account: realm.accountId,
    time: eventTime(timeMs),
    region: realm.region,
    resources: stringListMember(entry, "Resources") ?? [],
  };
}

/** As AWS prints an entry. */
function shownEntry(entry: JsonObject): string {
  const members = ["Time", "Source", "Resources", "DetailType", "Detail", "EventBusName", "TraceHeader"];
  const shown = [...members, "KmsKeyIdentifier", "InternalMetadata"].map((name) => {
    const value = entry[name];
    const text = Array.isArray(value)
      ? `[${value.join(", ")}]`
      : typeof value === "string"
        ? value
        : JSON.stringify(value);
    return `${name.charAt(0).toLowerCase()}${name.slice(1)}=${value === undefined ? "null" : text}`;
  });
  return `PutEventsRequestEntry(${shown.join(", ")})`;
}
