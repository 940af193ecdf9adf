// Numbers from Python (packed.py), counted and written for people. A component's Python puts this file before its own script.

const percent = (share, digits = 1) => (Number.isFinite(share) ? `${(100 * share).toFixed(digits)} %` : "–");
const whole = (count) => count.toLocaleString("en-US");

/** Reads packed numbers as an array of that kind: little-endian, as Python wrote them and as machines with browsers read them. */
function numbers(text, Kind = Float32Array) {
  return new Kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

/** Counts the ascending `scores` below `limit`, by bisection. */
function below(scores, limit) {
  let low = 0;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (scores[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
