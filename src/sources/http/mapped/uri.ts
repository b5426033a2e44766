/** `{name}` in the URI of an integration. */

/** RFC 3986, which is also how S3 signs it. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** Encoded; a slash in a value stays one. */
export const filledPath = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replace(/\{([^}+]+)\+?\}/g, (whole, name: string) => {
    const value = values.get(name);
    return value === undefined ? whole : value.split("/").map(encoded).join("/");
  });
