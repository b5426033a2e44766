/** Access log lines from the format that the stage declares. https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html */

/** Fills in `$context.a.b`; what is not known becomes `-`. */
export function accessLine(format: string, context: Readonly<Record<string, unknown>>): string {
  return format.replace(/\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)/g, (_, path: string) => {
    let value: unknown = context;
    for (const key of path.split("."))
      value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "-";
  });
}
