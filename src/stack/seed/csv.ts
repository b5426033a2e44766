/** Sample CSV files: rows as people write them, with commas, quotes and letters beyond ASCII in some. */
import type { Sample } from "./samples.js";

const NAMES = ["Alder Logistics", "Brückner & Söhne", 'Elm "Street" Dental', "Castle Foods, Ltd.", "Fjord Energi"];

/** Lists `count` files of `rows` rows below `prefix`, lazily. Ids go on from file to file. */
export function* csvFiles(prefix: string, count: number, rows: number): Generator<Sample> {
  for (let index = 0; index < count; index++) {
    const key = `${prefix}orders-${String(index).padStart(5, "0")}.csv`;
    yield { key, contentType: "text/csv", body: () => Buffer.from(csvText(index * rows, rows)) };
  }
}

function csvText(firstId: number, rows: number): string {
  const lines = ["id,name,total"];
  for (let id = firstId + 1; id <= firstId + rows; id++)
    lines.push(`${id},${field(NAMES[id % NAMES.length] ?? "")},${((id * 7919) % 100_000) / 100}`);
  return `${lines.join("\n")}\n`;
}

const field = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
