/** What an object is called inside the archive: its key, made harmless for whoever unpacks it. */

/** Absolute paths, `..` and what Windows reads as such would let a key write outside the folder of the unpacker. */
export function memberNameOf(key: string): string {
  const parts = key
    .replaceAll("\0", "_")
    .split(/[/\\]/)
    .map((part) => (/^\.+$/.test(part) ? "_".repeat(part.length) : part))
    .filter((part) => part !== "");
  const [first = "_", ...rest] = parts;
  // A drive letter.
  return [first.replace(/^([a-zA-Z]):/, "$1_"), ...rest].join("/");
}

/** Names that differ from all given before: two keys may become one name. */
export class MemberNames {
  readonly #taken = new Set<string>();

  take(key: string): string {
    const name = memberNameOf(key);
    let free = name;
    for (let copy = 2; this.#taken.has(free); copy++) free = `${name}~${copy}`;
    this.#taken.add(free);
    return free;
  }
}
