/** Hands a file to the reader. */
export function download(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The download has begun by then; an address that is never given back holds the file in memory.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
