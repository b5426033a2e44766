/**
 * CSV as ItemReader takes it: fields may stand in double quotes, in which a quote is written twice; every row becomes an
 * object of texts. What a row lacks is empty, and what it has too much is left out (recorded).
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
 */
import { listOf, textOf, type JsonObject } from "../../../../config/json.js";
import { StateFailure } from "../states-error.js";

const DELIMITERS: Readonly<Record<string, string>> = {
  COMMA: ",",
  PIPE: "|",
  SEMICOLON: ";",
  SPACE: " ",
  TAB: "\t",
};

export function csvItems(text: string, config: JsonObject): JsonObject[] {
  const rows = csvRows(text, DELIMITERS[textOf(config["CSVDelimiter"] ?? "COMMA")] ?? ",");
  const headers =
    config["CSVHeaderLocation"] === "GIVEN" ? listOf(config["CSVHeaders"]).map(textOf) : (rows.shift() ?? []);
  if (new Set(headers).size < headers.length)
    throw new StateFailure("States.ItemReaderFailed", "CSV headers cannot contain duplicates.");
  return rows.map((row) => Object.fromEntries(headers.map((header, index) => [header, row[index] ?? ""])));
}

function csvRows(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  const endField = (): void => {
    row.push(field);
    field = "";
  };
  const endRow = (): void => {
    endField();
    // An empty line is no row.
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  const signs = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  for (let at = 0; at < signs.length; at += 1) {
    const sign = signs[at] ?? "";
    if (quoted && sign === '"' && signs[at + 1] === '"') {
      field += '"';
      at += 1;
    } else if (sign === '"' && (quoted || field === "")) quoted = !quoted;
    else if (!quoted && sign === delimiter) endField();
    else if (!quoted && sign === "\n") endRow();
    else field += sign;
  }
  endRow();
  return rows;
}
