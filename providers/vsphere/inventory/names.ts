/** vSphere writes `/`, `\` and `%` in names as `%2f`, `%5c`, `%25`; people never see them so. */
export function decodeName(name: string): string {
  return name.replaceAll(/%(2f|5c|25)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** A name as vSphere stores it. */
export function encodeName(name: string): string {
  return name.replaceAll(/[/\\%]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}
