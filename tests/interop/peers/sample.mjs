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

/** Bytes in which nothing repeats itself: those of a linear congruential generator, the highest eight bits of each state. */
export function noise(length, seed = 1) {
  let state = seed;
  return new Uint8Array(length).map(() => (state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0) >>> 24);
}

/** The same so many times. */
export function repeat(data, times) {
  const all = new Uint8Array(data.length * times);
  for (let i = 0; i < times; i++) all.set(data, i * data.length);
  return all;
}

/** The payload of the prepared message. */
export function prepared() {
  return repeat(noise(200), 15);
}

/** The payload of the i-th message between prepared ones. */
export function own(i) {
  return new Uint8Array([...noise(100, i + 2), ...prepared()]);
}

/** The i-th message of a chat. */
export function chat(i) {
  return `{"room":"lobby","from":"user-${i % 7}","number":${i},"kind":"message","text":"what user ${i} says to all of the others"}`;
}
