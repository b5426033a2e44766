/**
 * What only Map states have: the reader of the items, their batches, the writer of the results.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { objectOf } from "../../../config/json.js";
import { expressions, referencePath, template } from "./paths.js";
import type { Place } from "./place.js";
import { storage } from "./resources.js";
import type { Check, Reading, Shape } from "./values.js";
import { anything, checkShape, integer, number, oneOf, orExpression, text } from "./values.js";

const MAX_ITEMS = 100_000_000;
const MAX_BATCH_BYTES = 262_144;
const MAX_LABEL_LENGTH = 40;

const READER_CONFIG: Shape = {
  members: {
    InputType: oneOf(["CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"]),
    ManifestType: text,
    CSVDelimiter: text,
    CSVHeaderLocation: oneOf(["FIRST_ROW", "GIVEN"]),
    CSVHeaders: anything,
    ItemsPointer: text,
    Transformation: text,
    MaxItems: orExpression(integer(0, MAX_ITEMS)),
    MaxItemsPath: referencePath,
  },
  languages: { MaxItemsPath: "JSONPath" },
};

const WRITER_CONFIG: Shape = {
  members: { OutputType: oneOf(["JSON", "JSONL"]), Transformation: oneOf(["NONE", "COMPACT", "FLATTEN"]) },
};

const READER: Shape = {
  required: ["Resource"],
  members: {
    Resource: storage(["getObject", "listObjectsV2"]),
    ReaderConfig: shaped(READER_CONFIG),
    Parameters: template,
    Arguments: expressions,
  },
  languages: { Parameters: "JSONPath", Arguments: "JSONata" },
};

const WRITER: Shape = {
  members: {
    Resource: storage(["putObject"]),
    WriterConfig: shaped(WRITER_CONFIG),
    Parameters: template,
    Arguments: expressions,
  },
  languages: { Parameters: "JSONPath", Arguments: "JSONata" },
};

const BATCHER: Shape = {
  members: {
    BatchInput: byLanguage,
    MaxItemsPerBatch: orExpression(integer(1)),
    MaxItemsPerBatchPath: referencePath,
    MaxInputBytesPerBatch: orExpression(integer(1, MAX_BATCH_BYTES)),
    MaxInputBytesPerBatchPath: referencePath,
  },
  languages: { MaxItemsPerBatchPath: "JSONPath", MaxInputBytesPerBatchPath: "JSONPath" },
};

function byLanguage(value: Json, place: Place, reading: Reading): void {
  (reading.language === "JSONata" ? expressions : template)(value, place, reading);
}

function shaped(shape: Shape): Check {
  return (value, place, reading) => {
    checkShape(value, place, reading, shape);
  };
}

/** It stands in the ARN of the Map Run. */
const label: Check = (value, place) => {
  if (typeof value !== "string") {
    place.refuse("Expected value of type String");
  } else if (value.length > MAX_LABEL_LENGTH || /[\s?*<>{}[\]:;,\\|^~$#%&`"\p{Cc}]/u.test(value)) {
    place.refuse(`Invalid label name: ${value}`, "INVALID_LABEL_NAME");
  }
};

export const MAP_MEMBERS: Readonly<Record<string, Check>> = {
  Items: (value, place, reading) => {
    if (typeof value !== "string" && (typeof value !== "object" || value === null)) {
      place.refuse("Value must be an array, an object or a JSONata expression");
    }
    expressions(value, place, reading);
  },
  ItemsPath: referencePath,
  ItemSelector: byLanguage,
  ItemReader: shaped(READER),
  ItemBatcher: shaped(BATCHER),
  ResultWriter: shaped(WRITER),
  Label: label,
  MaxConcurrency: orExpression(integer(0)),
  MaxConcurrencyPath: referencePath,
  ToleratedFailureCount: orExpression(integer(0)),
  ToleratedFailureCountPath: referencePath,
  ToleratedFailurePercentage: orExpression(number(0, 100)),
  ToleratedFailurePercentagePath: referencePath,
};

const PROCESSOR_CONFIG: Shape = {
  members: { Mode: oneOf(["INLINE", "DISTRIBUTED"]), ExecutionType: oneOf(["STANDARD", "EXPRESS"]) },
};

/** Only a distributed Map has executions of its own, and has to say of which type. */
export function checkProcessorConfig(value: Json | undefined, place: Place, reading: Reading): void {
  if (value === undefined || !checkShape(value, place, reading, PROCESSOR_CONFIG)) {
    return;
  }
  if (value["Mode"] === "DISTRIBUTED") {
    if (value["ExecutionType"] === undefined) {
      place.refuse("These fields are required: [ExecutionType]");
    }
    if (reading.type === "EXPRESS") {
      place.member("Mode").refuse("Express state machine does not support 'DISTRIBUTED' mode");
    }
  } else if (value["ExecutionType"] !== undefined) {
    place.refuse("Field 'ExecutionType' is not supported");
  }
}

/** The machine inside runs under the type of its own executions. */
export function typeInside(processor: JsonObject, outer: Reading["type"]): Reading["type"] {
  const { Mode: mode, ExecutionType: type } = objectOf(processor["ProcessorConfig"]);
  return mode === "DISTRIBUTED" && (type === "EXPRESS" || type === "STANDARD") ? type : outer;
}
