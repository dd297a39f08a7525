// The payloads of ../src/sample.rs.

/** Lengths at which the form of a frame's header changes, and around them; the last is the limit that a message may have. */
export const SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20, 16 << 20];

/** Byte i is i + i/256 + i/65536. */
export function binary(length) {
  return new Uint8Array(length).map((_, i) => i + (i >> 8) + (i >> 16));
}

/** So many bytes of UTF-8: characters of one, two, three and four bytes. */
export function text(length) {
  return "aé€😀".repeat(length / 10) + "x".repeat(length % 10);
}
