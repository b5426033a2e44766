/** What `seed` puts into a bucket: reports as a company would name them, and neighbours that a manifest must leave out. */
import { makePdf } from "./pdf.js";

export interface Sample {
  readonly key: string;
  readonly contentType: string;
  readonly body: () => Buffer;
}

const COMPANIES = [
  "Alder Logistics",
  "Brückner & Söhne",
  "Castle Foods",
  "Delta Print",
  "Elm Street Dental",
  "Fjord Energi",
];
const KINDS = ["Invoice", "Delivery note", "Quarterly report", "Credit note", "Account statement"];
const DAYS_IN_APRIL = 30;

/** Names that people really give to files, kept apart because each of them has broken some program. */
const HAND_NAMED = [
  "Quarterly Report (final).pdf",
  "Übersicht März & April.pdf",
  "SCAN_0417.PDF",
  "profit+loss 100% (v2).pdf",
  "O'Brien – signed.pdf",
  "clients/Fjord Energi/Årsrapport.pdf",
];

/** Lists `count` PDFs below `prefix`, lazily: a hundred thousand of them take no memory. */
export function* reports(prefix: string, count: number, sizeBytes: number): Generator<Sample> {
  for (let index = 0; index < count; index++) {
    const name = HAND_NAMED[index] ?? generatedName(index);
    yield { key: prefix + name, contentType: "application/pdf", body: () => makePdf(textOf(name, index), sizeBytes) };
  }
}

/** Everything here lies where a listing sees it and is no report. */
export function neighbours(prefix: string): Sample[] {
  const sample = (key: string, contentType: string, text: string): Sample => ({
    key,
    contentType,
    body: () => Buffer.from(text),
  });
  const marker = prefix === "" ? [] : [sample(prefix, "application/x-directory", "")];
  return [
    ...marker,
    sample(`${prefix}clients/`, "application/x-directory", ""),
    sample(`${prefix}README.txt`, "text/plain", "Reports of the month. One PDF each.\n"),
    sample(`${prefix}upload-that-never-finished.pdf`, "application/pdf", ""),
    sample(`${prefix}totals.pdf.csv`, "text/csv", "company,total\nAlder Logistics,1250.00\n"),
    sample("manifests/an-older-manifest.jsonl", "application/x-ndjson", '{"key":"2026/03/gone.pdf"}\n'),
    sample("manifests/not-a-report.pdf", "application/pdf", "A manifest folder is never a source.\n"),
  ];
}

const pick = (from: readonly string[], index: number): string => from[index % from.length] ?? "";
const dayOf = (index: number): string => `2026-04-${String((index % DAYS_IN_APRIL) + 1).padStart(2, "0")}`;

function generatedName(index: number): string {
  const number = String(index).padStart(5, "0");
  const slug = `${pick(KINDS, index)} ${pick(COMPANIES, Math.floor(index / KINDS.length))}`
    .normalize("NFD")
    .replace(/[^\w ]/g, "")
    .toLowerCase()
    .replace(/ +/g, "-");
  return `${dayOf(index)}-${slug}-${number}.pdf`;
}

/** Latin-1 only: the font of the page knows no more. */
function textOf(name: string, index: number): string[] {
  return [
    `${pick(KINDS, index)} no. ${index + 1}`,
    `From: ${pick(COMPANIES, Math.floor(index / KINDS.length))}`,
    `Date: ${dayOf(index)}`,
    `Total: EUR ${((index * 7919) % 100_000) / 100}`,
    `File: ${name.replace(/[^\x20-\xff]/g, "-")}`,
  ];
}
