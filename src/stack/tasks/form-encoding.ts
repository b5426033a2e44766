/**
 * `Transform` of http:invoke: a request body as a form.
 * https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#url-encode-request-body
 */
import { isJsonObject, listOf, type Json } from "../../config/json.js";
import { asText } from "./service-call.js";

export const ARRAY_FORMATS = ["INDICES", "REPEAT", "COMMAS", "BRACKETS"] as const;
export type ArrayFormat = (typeof ARRAY_FORMATS)[number];

/** `{"a":{"b":1}}` is `a%5Bb%5D=1`; null is an empty value. */
export function formEncoded(body: Json, format: ArrayFormat): string {
  return isJsonObject(body)
    ? Object.entries(body)
        .flatMap(([name, value]) => fields(name, value, format))
        .join("&")
    : "";
}

function fields(name: string, value: Json, format: ArrayFormat): string[] {
  if (Array.isArray(value)) {
    const items = listOf(value);
    if (format === "COMMAS") return [field(name, items.map(scalar).join(","))];
    return items.flatMap((item, index) => fields(`${name}${suffix(format, index)}`, item, format));
  }
  if (!isJsonObject(value)) return [field(name, scalar(value))];
  return Object.entries(value).flatMap(([member, item]) => fields(`${name}[${member}]`, item, format));
}

function suffix(format: ArrayFormat, index: number): string {
  if (format === "REPEAT") return "";
  return format === "BRACKETS" ? "[]" : `[${index}]`;
}

const scalar = (value: Json): string => (value === null ? "" : asText(value));

const field = (name: string, value: string): string => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
