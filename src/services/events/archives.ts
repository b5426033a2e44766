/** Operations on archives. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html */
import { arnOf } from "../../shared/arn.js";
import { numberMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { ArchiveRow, ArchiveStore } from "./archive-store.js";
import { page, requireBus, seconds, withPrefix, type EventsContext, type Operations } from "./context.js";
import { eventsError } from "./errors.js";
import { checkPatternLength, patternOf } from "./patterns.js";

const MAX_NAME_LENGTH = 48;
const MAX_DESCRIPTION_LENGTH = 512;
/** There is no work that an archive would wait for: it is never in another state. */
const STATE = "ENABLED";

export function archiveOperations(context: EventsContext): Operations {
  const { store, archives, realm, clock } = context;
  const answer = (row: ArchiveRow): JsonObject => ({
    ArchiveArn: arnOf.archive(realm, row.name),
    CreationTime: seconds(row.createdMs),
    State: STATE,
  });
  const listed = (row: ArchiveRow): JsonObject => ({
    ArchiveName: row.name,
    EventSourceArn: arnOf.eventBus(realm, row.busName),
    State: STATE,
    RetentionDays: row.retentionDays,
    SizeBytes: row.sizeBytes,
    EventCount: row.eventCount,
    CreationTime: seconds(row.createdMs),
  });

  return {
    CreateArchive: (input) => {
      const name = archiveName(input);
      const source = stringMember(input, "EventSourceArn");
      const properties = readProperties(input);
      return store.write(() => {
        const { name: busName } = requireBus(context, source);
        if (archives.archive(name) !== undefined) throw eventsError.archiveExists(name);
        const row: ArchiveRow = {
          name,
          busName,
          createdMs: clock.now(),
          eventCount: 0,
          sizeBytes: 0,
          description: properties.description,
          eventPattern: properties.eventPattern,
          retentionDays: properties.retentionDays ?? 0,
        };
        archives.putArchive(row);
        return answer(row);
      });
    },
    DescribeArchive: (input) => {
      const row = requireArchive(archives, archiveName(input));
      return {
        ...listed(row),
        ArchiveArn: arnOf.archive(realm, row.name),
        ...(row.description === undefined ? {} : { Description: row.description }),
        ...(row.eventPattern === undefined ? {} : { EventPattern: row.eventPattern }),
      };
    },
    ListArchives: (input) => {
      const source = stringMember(input, "EventSourceArn");
      const state = stringMember(input, "State");
      const busName = source === undefined ? undefined : requireBus(context, source).name;
      const rows = archives
        .archives()
        .filter((row) => (busName === undefined || row.busName === busName) && (state ?? STATE) === STATE);
      const found = withPrefix(rows, stringMember(input, "NamePrefix"), ({ name }) => name);
      const { items, next } = page(found, input, ({ name }) => name);
      return { Archives: items.map(listed), ...next };
    },
    UpdateArchive: (input) => {
      const name = archiveName(input);
      const { description, eventPattern, retentionDays } = readProperties(input);
      return store.write(() => {
        const before = requireArchive(archives, name);
        const row = {
          ...before,
          description: description ?? before.description,
          eventPattern: eventPattern ?? before.eventPattern,
          retentionDays: retentionDays ?? before.retentionDays,
        };
        archives.putArchive(row);
        return answer(row);
      });
    },
    DeleteArchive: (input) => {
      const name = archiveName(input);
      return store.write(() => {
        requireArchive(archives, name);
        archives.removeArchive(name);
        return {};
      });
    },
  };
}

export function requireArchive(archives: ArchiveStore, name: string): ArchiveRow {
  const row = archives.archive(name);
  if (row === undefined) throw eventsError.archiveNotFound(name);
  return row;
}

function archiveName(input: JsonObject): string {
  const name = stringMember(input, "ArchiveName");
  const violations = new Violations();
  violations.required(name, "archiveName");
  violations.length(name, "archiveName", 1, MAX_NAME_LENGTH);
  violations.pattern(name, "archiveName", /^[.\-_A-Za-z0-9]+$/, String.raw`[\.\-_A-Za-z0-9]+`);
  violations.check();
  return name ?? "";
}

type Properties = { readonly [member in "description" | "eventPattern"]: string | undefined } & {
  readonly retentionDays: number | undefined;
};

function readProperties(input: JsonObject): Properties {
  const description = stringMember(input, "Description");
  const eventPattern = stringMember(input, "EventPattern");
  const retentionDays = numberMember(input, "RetentionDays");
  const violations = new Violations();
  violations.length(description, "description", 0, MAX_DESCRIPTION_LENGTH);
  checkPatternLength(violations, eventPattern);
  violations.range(retentionDays, "retentionDays", 0, 2 ** 31 - 1);
  violations.check();
  if (eventPattern !== undefined) patternOf(eventPattern);
  if (stringMember(input, "KmsKeyIdentifier") !== undefined)
    throw eventsError.notEmulated("KmsKeyIdentifier of an archive");
  return { description, eventPattern, retentionDays };
}

/** To be called inside the transaction in which the event comes. */
export function archiveEvent(
  { archives, clock }: Pick<EventsContext, "archives" | "clock">,
  busName: string,
  event: { readonly value: JsonObject; readonly text: string },
): void {
  for (const archive of archives.archives()) {
    if (archive.busName !== busName) continue;
    if (archive.eventPattern === undefined || patternOf(archive.eventPattern).matches(event.value))
      archives.add(archive, event.text, clock.now());
  }
}

/** The archive of an ARN. */
export function archiveNameIn(arn: string, { realm }: Pick<EventsContext, "realm">): string {
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  return arn === arnOf.archive(realm, name) ? name : "";
}
