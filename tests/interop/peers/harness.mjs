// How a program tells what it found: a line a check, and at the end how many there were. Each check has a time limit.

const LIMIT_SECONDS = 30;

let told = 0;

/** Carries out a check: it holds unless it throws. */
export async function check(name, run) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${LIMIT_SECONDS} s`)), LIMIT_SECONDS * 1000);
  });
  const result = await Promise.race([Promise.resolve().then(run), late]).then(() => "ok", (error) => error);
  clearTimeout(timer);
  told += 1;
  console.log(result === "ok" ? `ok ${name}` : `not ok ${name}: ${String(result?.message ?? result).replace(/\s+/g, " ").slice(0, 500)}`);
}

export function done() {
  console.log(`done ${told}`);
}

/** Who started us is gone, or has heard enough. */
export function endWithInput(end) {
  // What is told then is told to nobody, and no reason to end without order.
  process.stdout.on("error", () => {});
  process.stdin.on("end", end).resume();
}
